import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

import { ApiError, getJson } from '../api.js';
import type { JobDetail, OutputPage } from '../../../src/model/monitor.js';
import { isFinal } from '../../../src/model/status.js';
import { appendPieces, type OutputSection } from '../format/output.js';
import { isPaused } from '../live/topic.js';
import { Card, Failure } from '../parts/page.js';
import { Block } from '../parts/text.js';

const POLL_MS = 1_000;

/** What the tasks wrote, as it comes. Reading from where the last page ended misses nothing and repeats nothing. */
export function JobOutput({ job }: { readonly job: JobDetail }) {
  const { id, generation } = job;
  const sections = useSignal<readonly OutputSection[]>([]);
  const error = useSignal<ApiError | undefined>(undefined);
  const index = useSignal('');
  const isRunning = useSignal(false);
  isRunning.value = !isFinal(job.status);
  useEffect(() => {
    let isGone = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let after = '';
    sections.value = [];
    const read = async (): Promise<void> => {
      let hasMore = false;
      if (!isPaused.peek()) {
        try {
          const query = new URLSearchParams();
          if (index.peek() !== '') query.set('index', index.peek());
          if (after !== '') query.set('after', after);
          const page = await getJson<OutputPage>(`jobs/${id}/output?${query.toString()}`);
          if (isGone) return;
          error.value = undefined;
          hasMore = page.cut && page.next !== after;
          after = page.next || after;
          if (page.pieces.length > 0) sections.value = appendPieces(sections.peek(), page.pieces);
        } catch (thrown) {
          error.value = thrown instanceof ApiError ? thrown : new ApiError(0, String(thrown));
        }
      }
      timer = setTimeout(() => void read(), hasMore ? 0 : isRunning.peek() ? POLL_MS : 5 * POLL_MS);
    };
    void read();
    return () => {
      isGone = true;
      clearTimeout(timer);
    };
  }, [id, generation, index.value]);
  return (
    <Card
      title="Output"
      aside={
        <label class="inline">
          Only of task{' '}
          <input
            type="number"
            min={0}
            class="narrow-input"
            onChange={({ currentTarget }) => (index.value = currentTarget.value)}
          />
        </label>
      }
    >
      {error.value && <Failure error={error.value} />}
      {sections.value.length === 0 && (
        <p class="muted">{job.hasOutput ? 'Reading…' : 'Nothing was written so far.'}</p>
      )}
      {sections.value.map((section) => (
        <section key={section.id} class="output-section" aria-label={`Output of task ${section.index}`}>
          <p class="small muted">
            Task {section.index}
            {section.attempt > 1 && `, attempt ${section.attempt}`}
          </p>
          <Block
            text={section.text}
            label={`Output of task ${section.index}, attempt ${section.attempt}`}
            isAtEnd
          />
        </section>
      ))}
    </Card>
  );
}
