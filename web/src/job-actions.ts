import type { JobSummary } from '../../src/model/monitor.js';
import { send } from './api.js';
import { plural } from './format/number.js';
import { ask, attempt } from './parts/confirm.js';

export type JobAction = 'kill' | 'rerunFailed' | 'rerun' | 'pause' | 'resume' | 'priority';

type Target = Pick<JobSummary, 'id' | 'name' | 'priority'>;

/** Which actions make sense for a job of this status; the server decides. */
export function fits(action: JobAction, { status, counts }: Pick<JobSummary, 'status' | 'counts'>): boolean {
  const isEnded = status === 'completed' || status === 'failed' || status === 'killed';
  switch (action) {
    case 'kill':
    case 'priority':
      return !isEnded;
    case 'pause':
      return !isEnded && status !== 'paused';
    case 'resume':
      return status === 'paused';
    case 'rerunFailed':
      return isEnded && counts.failed + counts.killed > 0;
    case 'rerun':
      return isEnded;
  }
}

/** Asks, does it, and says what came of it. */
export function act(action: JobAction, targets: readonly Target[], done: () => void = () => undefined): void {
  const jobs = targets.map(({ id }) => id);
  const [first] = targets;
  if (!first) return;
  const what =
    targets.length === 1
      ? `job ${first.id}${first.name && ` “${first.name.slice(0, 80)}”`}`
      : plural(jobs.length, 'job');
  const post = async (path: string, body: object, said: string): Promise<string> => {
    await send('POST', `jobs/${path}`, { jobs, ...body });
    done();
    return said;
  };
  switch (action) {
    case 'kill':
      ask({
        title: `Kill ${what}?`,
        text: 'Its workers stop what runs; finished tasks keep their answers.',
        deed: 'Kill',
        isDanger: true,
        field: { label: 'Reason (shown to the owner)', type: 'text', value: '' },
        act: (reason) => post('kill', { reason }, `Killed ${what}.`),
      });
      break;
    case 'rerunFailed':
      ask({
        title: `Rerun the failed tasks of ${what}?`,
        text: 'Failed and killed tasks run again from their first attempt; completed ones keep their answers.',
        deed: 'Rerun failed',
        act: () => post('rerun', { onlyFailed: true }, `Rerunning the failed tasks of ${what}.`),
      });
      break;
    case 'rerun':
      ask({
        title: `Rerun all of ${what}?`,
        text: 'Every task runs again, and the answers there are now are dropped.',
        deed: 'Rerun all',
        isDanger: true,
        act: () => post('rerun', { onlyFailed: false }, `Rerunning ${what}.`),
      });
      break;
    case 'pause':
      ask({
        title: `Pause ${what}?`,
        text: 'What runs goes on to its end; nothing new starts until it is resumed.',
        deed: 'Pause',
        act: () => post('pause', {}, `Paused ${what}.`),
      });
      break;
    case 'resume':
      void attempt(() => post('resume', {}, `Resumed ${what}.`));
      break;
    case 'priority':
      ask({
        title: `Priority of ${what}`,
        text: 'Jobs of priority 1 start first, those of 5 last; 3 is usual.',
        deed: 'Change',
        field: { label: 'Priority', type: 'number', value: String(first.priority), isRequired: true },
        act: (text) =>
          post('priority', { priority: Math.trunc(Number(text)) }, `${what} has priority ${text} now.`),
      });
      break;
  }
}
