import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

import { type ApiError, isMissing } from '../api.js';
import { Foreign } from './text.js';

interface PageProps {
  readonly title: string;
  /** What stands before the title, such as a status. */
  readonly lead?: ComponentChildren;
  readonly actions?: ComponentChildren;
  readonly children: ComponentChildren;
}

/** A page with its heading, which gets the focus when one comes here by a link: readers say where one is. */
export function Page({ title, lead, actions, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (document.activeElement === document.body || document.activeElement?.closest('nav, main')) {
      heading.current?.focus({ preventScroll: true });
    }
  }, []);
  useEffect(() => {
    document.title = `${title.slice(0, 80)} · dsage`;
  }, [title]);
  return (
    <>
      <div class="page-head">
        <h1 ref={heading} tabindex={-1}>
          <Foreign text={title} />
        </h1>
        {lead}
        <span class="spring" />
        {actions && <div class="actions">{actions}</div>}
      </div>
      {children}
    </>
  );
}

interface CardProps {
  readonly title: string;
  readonly aside?: ComponentChildren;
  readonly class?: string;
  readonly children: ComponentChildren;
}

export function Card({ title, aside, class: name = '', children }: CardProps) {
  return (
    <section class={`card ${name}`}>
      <div class="card-head">
        <h2>{title}</h2>
        <span class="spring" />
        {aside}
      </div>
      {children}
    </section>
  );
}

/** A table that scrolls in its own box where the screen is narrow. */
export function Scroll({
  label,
  children,
}: {
  readonly label: string;
  readonly children: ComponentChildren;
}) {
  return (
    <div class="scroll" tabindex={0} role="group" aria-label={label}>
      {children}
    </div>
  );
}

export type FactRow = readonly [name: string, value: ComponentChildren];

export function Facts({ rows }: { readonly rows: readonly FactRow[] }) {
  return (
    <dl class="facts">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

export function Loading() {
  return <p class="muted loading">Loading…</p>;
}

interface AbsentProps {
  readonly error: ApiError;
  /** Such as `job 12`. */
  readonly what: string;
  /** Where to go on. */
  readonly children: ComponentChildren;
}

/** In place of what cannot be shown: plainly that it is not there, or is not for this user. */
export function Absent({ error, what, children }: AbsentProps) {
  if (!isMissing(error)) return <Failure error={error} />;
  return (
    <div class="notice" role="alert">
      <p>{error.status === 403 ? <bdi>{`${error.message} ${error.hint}`}</bdi> : `There is no ${what}.`}</p>
      <p>{children}</p>
    </div>
  );
}

export function Failure({ error }: { readonly error: ApiError }) {
  return (
    <div class="notice notice-error" role="alert">
      <p>
        <bdi>{error.message}</bdi>
      </p>
      {error.hint !== '' && (
        <p class="muted">
          <bdi>{error.hint}</bdi>
        </p>
      )}
    </div>
  );
}
