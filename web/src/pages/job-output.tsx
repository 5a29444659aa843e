import { useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';

import type { JobDetail } from '../../../src/model/monitor.js';
import { isFinal } from '../../../src/model/status.js';
import type { OutputSection } from '../format/output.js';
import { useOutput } from '../live/use-output.js';
import { Absent, Card } from '../parts/page.js';
import { Block } from '../parts/text.js';

/** What the tasks wrote, as it comes. */
export function JobOutput({ job }: { readonly job: JobDetail }) {
  const { id, generation, status } = job;
  const index = useSignal('');
  const { value: output, error } = useOutput(id, generation, index.value).value;
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
      {error && (
        <Absent error={error} what={`task ${index.value} in this job`}>
          Leave the field empty to see the output of all tasks.
        </Absent>
      )}
      {!output && !error && <p class="muted">Reading…</p>}
      {output?.sections.length === 0 && (
        <p class="muted">{isFinal(status) ? 'Nothing was written.' : 'Nothing was written so far.'}</p>
      )}
      {output?.isCut && (
        <p class="muted">
          This is the end of it. All that is kept: <code>dsage logs {id}</code>
        </p>
      )}
      {output?.sections.map((section) => (
        <Section key={section.id} section={section} />
      ))}
    </Card>
  );
}

/** Only the last one changes as output comes: the others are not laid out again. */
function Section({ section }: { readonly section: OutputSection }) {
  return useMemo(() => {
    const { index, attempt, text } = section;
    return (
      <section class="output-section" aria-label={`Output of task ${index}`}>
        <p class="small muted">
          Task {index}
          {attempt > 1 && `, attempt ${attempt}`}
        </p>
        <Block text={text} label={`Output of task ${index}, attempt ${attempt}`} isAtEnd />
      </section>
    );
  }, [section]);
}
