import type { WorkerSummary } from '../../../src/model/monitor.js';
import { bytes, grouped } from '../format/number.js';
import { useTopic } from '../live/topic.js';
import { Meter } from '../parts/bar.js';
import { Command } from '../parts/copy.js';
import { Loading, Page, Scroll } from '../parts/page.js';
import { Elapsed, Foreign, When } from '../parts/text.js';
import { WorkerState } from '../parts/worker-state.js';

const MB = 1024 * 1024;

export function WorkersPage() {
  const workers = useTopic<{ readonly workers: readonly WorkerSummary[] }>('workers').value.value?.workers;
  return (
    <Page title="Workers">
      {!workers && <Loading />}
      {workers?.length === 0 && (
        <div class="empty-state">
          <p>No worker has connected yet. On the server’s machine:</p>
          <Command text="npx dsage-worker" label="start a worker" />
          <p>
            <a href="/help">Workers on other machines</a>
          </p>
        </div>
      )}
      {workers && workers.length > 0 && <WorkerTable workers={workers} />}
    </Page>
  );
}

function WorkerTable({ workers }: { readonly workers: readonly WorkerSummary[] }) {
  return (
    <Scroll label="Workers">
      <table class="table table-workers cards-on-phone">
        <thead>
          <tr>
            <th class="number">Worker</th>
            <th>State</th>
            <th class="wide">Name</th>
            <th>Host</th>
            <th>User</th>
            <th>Slots busy</th>
            <th class="number">Load</th>
            <th>Processor</th>
            <th class="number">Memory free</th>
            <th class="number">Tasks done</th>
            <th class="number">Failed</th>
            <th class="number" title="How long it has held the oldest task that it has now">
              Oldest lease
            </th>
            <th>Connected</th>
          </tr>
        </thead>
        <tbody>
          {workers.map((worker) => (
            <WorkerRow key={worker.worker} worker={worker} />
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function WorkerRow({ worker }: { readonly worker: WorkerSummary }) {
  return (
    <tr data-href={`/workers/${worker.worker}`}>
      <td class="number" data-label="Worker">
        <a href={`/workers/${worker.worker}`}>{worker.worker}</a>
      </td>
      <td data-label="State">
        <WorkerState worker={worker} />
      </td>
      <td class="wide" data-label="Name">
        <Foreign text={worker.name} class="line" />
        {worker.labels.length > 0 && <Foreign text={worker.labels.join(', ')} class="line small muted" />}
      </td>
      <td data-label="Host">
        <Foreign text={worker.host} class="line medium" />
      </td>
      <td data-label="User">
        <Foreign text={worker.user} class="line short" />
      </td>
      <td data-label="Slots busy">
        <Meter part={worker.busySlots} whole={worker.slots} label={`${worker.busySlots} / ${worker.slots}`} />
      </td>
      <td class="number" data-label="Load">
        {worker.load1.toFixed(2)}
      </td>
      <td data-label="Processor">
        <span class="small">
          {worker.cpuCount} × <Foreign text={worker.cpuModel} class="line medium" />
        </span>
      </td>
      <td class="number" data-label="Memory free">
        {bytes(worker.freeMemoryMb * MB)} <span class="muted">/ {bytes(worker.memoryMb * MB)}</span>
      </td>
      <td class="number" data-label="Tasks done">
        {grouped(worker.completed)}
      </td>
      <td class="number" data-label="Failed">
        {worker.failed > 0 ? (
          <span class="status-failed">{grouped(worker.failed)}</span>
        ) : (
          <span class="muted">0</span>
        )}
      </td>
      <td class="number" data-label="Oldest lease">
        <Elapsed startedAtMs={worker.oldestLeaseAtMs} endedAtMs={0} />
      </td>
      <td data-label="Connected">
        <When atMs={worker.connectedAtMs} />
      </td>
    </tr>
  );
}
