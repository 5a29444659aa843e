import type { Timeline, WorkerSummary } from '../../../src/model/monitor.js';
import { getJson, getLog, send } from '../api.js';
import { bytes, grouped } from '../format/number.js';
import { now } from '../live/clock.js';
import { useFetch } from '../live/use-fetch.js';
import { useResource } from '../live/use-resource.js';
import { ask, attempt } from '../parts/confirm.js';
import { LogView } from '../parts/log.js';
import { Absent, Card, Facts, type FactRow, Failure, Loading, Page } from '../parts/page.js';
import { Elapsed, Foreign, When } from '../parts/text.js';
import { TimelineView } from '../parts/timeline.js';
import { WorkerState } from '../parts/worker-state.js';
import { go } from '../router.js';

const MB = 1024 * 1024;

export function WorkerPage({ id }: { readonly id: string }) {
  const { value: worker, error } = useResource<WorkerSummary>(`worker:${id}`, `workers/${id}`);
  if (worker) return <Content worker={worker} />;
  return (
    <Page title={`Worker ${id}`}>
      {error ? (
        <Absent error={error} what={`worker ${id}`}>
          It has left for good, or never was. <a href="/workers">The workers that are known</a>
        </Absent>
      ) : (
        <Loading />
      )}
    </Page>
  );
}

function Content({ worker }: { readonly worker: WorkerSummary }) {
  const { worker: id, name } = worker;
  const seconds = Math.floor(now.value / 5_000);
  const timeline = useFetch(`workers/${id}/timeline`, () => getJson<Timeline>(`workers/${id}/timeline`), {
    again: `${worker.leases} ${worker.completed} ${worker.failed}`,
    everyMs: 2_000,
  }).value;
  const log = useFetch(`workers/${id}/log`, () => getLog(`workers/${id}/log?lines=200`), {
    again: seconds,
    everyMs: 5_000,
  }).value;
  return (
    <Page
      title={name || `Worker ${id}`}
      lead={<WorkerState worker={worker} />}
      actions={<Actions worker={worker} />}
    >
      <Card title="Facts">
        <Facts rows={factsOf(worker)} />
      </Card>
      <Card title="Timeline">
        {timeline.error && <Failure error={timeline.error} />}
        {timeline.value && <TimelineView timeline={timeline.value} names="jobs" />}
      </Card>
      <Card title="Log">
        {log.error && <Failure error={log.error} />}
        {log.value && <LogView lines={log.value} label={`Log of worker ${id}`} />}
      </Card>
    </Page>
  );
}

function Actions({ worker: { worker: id, name, draining, connected } }: { readonly worker: WorkerSummary }) {
  const who = name || `worker ${id}`;
  const drain = (): void =>
    ask({
      title: `Drain ${who}?`,
      text: 'It finishes what it runs and gets nothing new until it is resumed.',
      deed: 'Drain',
      act: async () => {
        await send('POST', `workers/${id}/drain`);
        return `${who} is draining.`;
      },
    });
  const remove = (): void =>
    ask({
      title: `Remove ${who}?`,
      text: connected
        ? 'It is told to end; what it runs goes back to the queue and runs elsewhere.'
        : 'It is forgotten here. It comes back when it connects again.',
      deed: 'Remove',
      isDanger: true,
      act: async () => {
        await send('POST', `workers/${id}/remove`);
        go('/workers');
        return `${who} is removed.`;
      },
    });
  const resume = (): void =>
    void attempt(async () => {
      await send('POST', `workers/${id}/resume`);
      return `${who} takes tasks again.`;
    });
  return (
    <>
      {draining ? (
        <button type="button" onClick={resume}>
          Resume
        </button>
      ) : (
        <button type="button" onClick={drain} disabled={!connected}>
          Drain
        </button>
      )}
      <button type="button" class="danger" onClick={remove}>
        Remove
      </button>
    </>
  );
}

function factsOf(worker: WorkerSummary): FactRow[] {
  const resources = Object.entries(worker.resources).map(([name, amount]) => `${name} ${amount}`);
  return [
    ['Worker', worker.worker],
    ['Host', <Foreign text={worker.host} />],
    ['User', <Foreign text={worker.user} />],
    ['Slots', `${worker.busySlots} busy of ${worker.slots}`],
    ['Leases', grouped(worker.leases)],
    ['Oldest lease', <Elapsed startedAtMs={worker.oldestLeaseAtMs} endedAtMs={0} />],
    ['Processor', <Foreign text={`${worker.cpuCount} × ${worker.cpuModel}`} />],
    ['Memory', `${bytes(worker.freeMemoryMb * MB)} free of ${bytes(worker.memoryMb * MB)}`],
    ['Load', worker.load1.toFixed(2)],
    ['Labels', <Foreign text={worker.labels.join(', ') || '–'} />],
    ['Resources', <Foreign text={resources.join(', ') || '–'} />],
    ['Evaluators', <Foreign text={worker.evaluators.join(', ')} />],
    ['Version', <Foreign text={worker.version} />],
    ['Connected', <When atMs={worker.connectedAtMs} />],
    ['Last seen', <When atMs={worker.lastSeenAtMs} />],
    ['Tasks done', grouped(worker.completed)],
    ['Tasks failed', grouped(worker.failed)],
  ];
}
