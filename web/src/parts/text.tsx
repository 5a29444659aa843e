import { useEffect, useRef } from 'preact/hooks';

import { exactTime, ago, duration } from '../format/time.js';
import { cutBlock, cutLine } from '../format/text.js';
import { now } from '../live/clock.js';

/** Text that somebody else wrote: isolated, so that its direction turns nothing around it, and cut. */
export function Foreign({ text, class: name = '' }: { readonly text: string; readonly class?: string }) {
  return (
    <bdi class={`foreign ${name}`} title={text.length > 24 ? cutLine(text, 1_000) : undefined}>
      {cutLine(text)}
    </bdi>
  );
}

interface BlockProps {
  readonly text: string;
  readonly label: string;
  readonly href?: string | undefined;
  /** Shows the end, and follows it as it grows unless its reader has scrolled up. */
  readonly isAtEnd?: boolean;
}

/** Lines of text in a box that scrolls; the rest of what is too long is at `href`. */
export function Block({ text, label, href, isAtEnd = false }: BlockProps) {
  const box = useRef<HTMLPreElement>(null);
  const follows = useRef(isAtEnd);
  useEffect(() => {
    if (follows.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [text]);
  const { text: shown, left } = cutBlock(text);
  return (
    <>
      <pre
        ref={box}
        onScroll={({ currentTarget: { scrollTop, clientHeight, scrollHeight } }) =>
          (follows.current = isAtEnd && scrollTop + clientHeight > scrollHeight - 24)
        }
        class="block"
        tabindex={0}
        role="group"
        aria-label={label}
      >
        <bdi>{shown}</bdi>
      </pre>
      {left > 0 && (
        <p class="muted">
          {left.toLocaleString('en-US')} more characters.{' '}
          {href !== undefined && (
            <a href={href} download>
              Download all of it
            </a>
          )}
        </p>
      )}
    </>
  );
}

export function When({ atMs, none = '–' }: { readonly atMs: number; readonly none?: string | undefined }) {
  if (atMs === 0) return <span class="muted">{none}</span>;
  return (
    <time dateTime={new Date(atMs).toISOString()} title={exactTime(atMs)}>
      {ago(atMs, now.value)}
    </time>
  );
}

/** How long it has taken, growing while it runs. */
export function Elapsed({
  startedAtMs,
  endedAtMs,
}: {
  readonly startedAtMs: number;
  readonly endedAtMs: number;
}) {
  if (startedAtMs === 0) return <span class="muted">–</span>;
  return <span>{duration((endedAtMs === 0 ? now.value : endedAtMs) - startedAtMs)}</span>;
}
