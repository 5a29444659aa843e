import type { AttemptView, JobDetail, TaskDetail } from '../../../src/model/monitor.js';
import { isFinal } from '../../../src/model/status.js';
import { getJson, send } from '../api.js';
import { bytes } from '../format/number.js';
import { duration } from '../format/time.js';
import { useFetch } from '../live/use-fetch.js';
import { ask } from '../parts/confirm.js';
import { Absent, Card, Loading } from '../parts/page.js';
import { Status } from '../parts/status.js';
import { Block, Foreign, When } from '../parts/text.js';
import { go, withQuery } from '../router.js';
import { ValueView } from '../values/value-view.js';

export function TaskPanel({ job, index }: { readonly job: JobDetail; readonly index: string }) {
  const path = `jobs/${job.id}/tasks/${encodeURIComponent(index)}`;
  const changed = `${job.generation} ${Object.values(job.counts).join(' ')}`;
  const { value, error } = useFetch(path, () => getJson<TaskDetail>(path), {
    again: changed,
    everyMs: 1_500,
  }).value;
  const kill = (): void =>
    ask({
      title: `Kill task ${index}?`,
      text: 'Its worker stops it; the other tasks go on.',
      deed: 'Kill',
      isDanger: true,
      field: { label: 'Reason (shown to the owner)', type: 'text', value: '' },
      act: async (reason) => {
        await send('POST', `jobs/${job.id}/tasks/kill`, { indexes: [Number(index)], reason });
        return `Killed task ${index}.`;
      },
    });
  return (
    <Card
      title={`Task ${index}`}
      class="task-panel"
      aside={
        <div class="row-line">
          {value && <Status status={value.task.status} />}
          {value && !isFinal(value.task.status) && (
            <button type="button" class="danger" onClick={kill}>
              Kill task
            </button>
          )}
          <button type="button" class="quiet" onClick={() => go(withQuery({ task: '' }), { replace: true })}>
            Close
          </button>
        </div>
      }
    >
      {error && (
        <Absent error={error} what={`task ${index} in this job`}>
          {job.taskCount > 0
            ? `Its tasks have the numbers 0 to ${job.taskCount - 1}.`
            : 'It has no tasks yet.'}
        </Absent>
      )}
      {!value && !error && <Loading />}
      {value && <Content path={path} detail={value} />}
    </Card>
  );
}

function Content({ path, detail }: { readonly path: string; readonly detail: TaskDetail }) {
  const { attempts, inputBytes, answerBytes, task } = detail;
  return (
    <>
      <div class="columns even">
        {inputBytes > 0 && (
          <div>
            <h3>Input</h3>
            <ValueView path={`${path}/input`} size={inputBytes} label={`Input of task ${task.index}`} />
          </div>
        )}
        {answerBytes > 0 && (
          <div>
            <h3>Answer</h3>
            <ValueView
              path={`${path}/answer`}
              size={answerBytes}
              label={`Answer of task ${task.index}`}
              again={task.attempt}
            />
          </div>
        )}
      </div>
      <h3>Attempts</h3>
      {attempts.length === 0 && <p class="muted">None yet.</p>}
      <ol class="attempts">
        {attempts.map((attempt) => (
          <Attempt key={attempt.attempt} attempt={attempt} />
        ))}
      </ol>
    </>
  );
}

function Attempt({ attempt: one }: { readonly attempt: AttemptView }) {
  return (
    <li>
      <div class="row-line">
        <strong>Attempt {one.attempt}</strong>
        <Status status={one.status} />
        <span class="small muted">
          {one.worker > 0 && (
            <>
              on <a href={`/workers/${one.worker}`}>worker {one.worker}</a> ·{' '}
            </>
          )}
          <When
            atMs={one.startedAtMs}
            none={one.status === 'processing' ? 'not begun, or only just' : undefined}
          />
          {one.wallMs > 0 && ` · ${duration(one.wallMs)}`}
          {one.peakMemoryKb > 0 && ` · peak ${bytes(one.peakMemoryKb * 1024)}`}
          {one.exitCode !== null && ` · exit ${one.exitCode}`}
          {one.signal !== '' && ` · ${one.signal}`}
        </span>
      </div>
      {one.message !== '' && (
        <p class="failure-text">
          <Foreign text={one.message} />
        </p>
      )}
      {one.stack !== '' && <Block text={one.stack} label={`Stack of attempt ${one.attempt}`} />}
      {one.outputTail !== '' && (
        <>
          <p class="small muted">Its last output</p>
          <Block text={one.outputTail} label={`Last output of attempt ${one.attempt}`} />
        </>
      )}
    </li>
  );
}
