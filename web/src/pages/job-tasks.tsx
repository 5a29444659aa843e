import { useSignal } from '@preact/signals';

import type { JobDetail, TaskPage, TaskRow } from '../../../src/model/monitor.js';
import { getJson } from '../api.js';
import { bytes, grouped } from '../format/number.js';
import { duration } from '../format/time.js';
import { useFetch } from '../live/use-fetch.js';
import { Card, Failure, Loading, Scroll } from '../parts/page.js';
import { Status, StatusIcon } from '../parts/status.js';
import { When } from '../parts/text.js';
import { go, queryValue, withQuery } from '../router.js';
import { TaskPanel } from './task-panel.js';

const STATUSES = ['', 'processing', 'failed', 'completed', 'waiting', 'killed'] as const;
const GRID_SIZE = 600;
const LIST_SIZE = 100;

export function JobTasks({ job }: { readonly job: JobDetail }) {
  const isList = queryValue('view') === 'list';
  const status = STATUSES.find((one) => one === queryValue('status')) ?? '';
  const from = useSignal(0);
  const limit = isList ? LIST_SIZE : GRID_SIZE;
  const path = `jobs/${job.id}/tasks?limit=${limit}&from=${from.value}${status && `&status=${status}`}`;
  const { counts, generation } = job;
  const changed = `${generation} ${Object.values(counts).join(' ')}`;
  const { value, error } = useFetch(path, () => getJson<TaskPage>(path), {
    again: changed,
    everyMs: 1_500,
  }).value;
  const task = queryValue('task');
  const show = (changes: Readonly<Record<string, string>>): void => {
    from.value = 0;
    go(withQuery(changes), { replace: true });
  };
  return (
    <>
      {task !== '' && <TaskPanel job={job} index={task} />}
      <Card
        title="Tasks"
        aside={
          <div class="row-line">
            <label class="inline">
              Show{' '}
              <select value={status} onChange={({ currentTarget }) => show({ status: currentTarget.value })}>
                {STATUSES.map((one) => (
                  <option key={one} value={one}>
                    {one || 'all'}
                  </option>
                ))}
              </select>
            </label>
            <div class="switch" role="group" aria-label="View">
              <button type="button" aria-pressed={!isList} onClick={() => show({ view: '' })}>
                Grid
              </button>
              <button type="button" aria-pressed={isList} onClick={() => show({ view: 'list' })}>
                List
              </button>
            </div>
          </div>
        }
      >
        {error && <Failure error={error} />}
        {!value && !error && <Loading />}
        {value?.tasks.length === 0 && (
          <p class="muted">{status === '' ? 'No tasks yet.' : `No task is ${status}.`}</p>
        )}
        {value &&
          value.tasks.length > 0 &&
          (isList ? <List tasks={value.tasks} /> : <Grid tasks={value.tasks} chosen={task} />)}
        {value && (value.next !== null || from.value > 0) && (
          <nav class="pager" aria-label="Pages of tasks">
            <button type="button" disabled={from.value === 0} onClick={() => (from.value = 0)}>
              First
            </button>
            <span class="muted">from task {grouped(value.tasks[0]?.index ?? from.value)}</span>
            <button
              type="button"
              disabled={value.next === null}
              onClick={() => (from.value = value.next ?? 0)}
            >
              Next
            </button>
          </nav>
        )}
      </Card>
    </>
  );
}

function openTask(index: number): void {
  go(withQuery({ task: String(index) }), { replace: true });
}

function Grid({ tasks, chosen }: { readonly tasks: readonly TaskRow[]; readonly chosen: string }) {
  return (
    <div class="task-grid">
      {tasks.map(({ index, status }) => (
        <button
          key={index}
          type="button"
          class={`cell cell-${status}`}
          aria-label={`Task ${index}: ${status}`}
          aria-pressed={chosen === String(index)}
          title={`Task ${index}: ${status}`}
          onClick={() => openTask(index)}
        >
          <StatusIcon status={status} />
        </button>
      ))}
    </div>
  );
}

function List({ tasks }: { readonly tasks: readonly TaskRow[] }) {
  return (
    <Scroll label="Tasks">
      <table class="table">
        <thead>
          <tr>
            <th class="number">Task</th>
            <th>Status</th>
            <th class="number">Attempt</th>
            <th class="number">Worker</th>
            <th>Started</th>
            <th class="number">Took</th>
            <th class="number">Processor</th>
            <th class="number">Peak memory</th>
            <th>Progress</th>
          </tr>
        </thead>
        <tbody>
          {tasks.map((task) => (
            <tr key={task.index} data-href={withQuery({ task: String(task.index) })}>
              <td class="number">
                <a href={withQuery({ task: String(task.index) })}>{task.index}</a>
              </td>
              <td>
                <Status status={task.status} />
              </td>
              <td class="number">{task.attempt || '–'}</td>
              <td class="number">
                {task.worker ? <a href={`/workers/${task.worker}`}>{task.worker}</a> : '–'}
              </td>
              <td>
                <When atMs={task.startedAtMs} />
              </td>
              <td class="number">{task.wallMs > 0 ? duration(task.wallMs) : '–'}</td>
              <td class="number">{task.cpuMs > 0 ? duration(task.cpuMs) : '–'}</td>
              <td class="number">{task.peakMemoryKb > 0 ? bytes(task.peakMemoryKb * 1024) : '–'}</td>
              <td>
                {task.progress > 0 && task.status === 'processing' && (
                  <progress max={1} value={task.progress} aria-label={`Progress of task ${task.index}`} />
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
