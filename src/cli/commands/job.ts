import { inspect } from 'node:util';

import type { Dsage } from '../../client/connect.js';
import type { Explanation, JobInfo, TaskInfo } from '../../client/queries.js';
import { plain } from '../../client/save.js';
import { chainOf } from '../../model/errors.js';
import type { TaskStatus } from '../../model/status.js';
import type { Failure } from '../../model/task.js';
import type { Cli } from '../cli.js';
import { progressOf, statusColor } from '../format/status.js';
import { type Column, facts, table } from '../format/table.js';
import { ago, duration } from '../format/time.js';
import { jobId } from '../ids.js';
import { took } from './jobs.js';

interface JobFlags {
  readonly tasks?: boolean;
  readonly status?: TaskStatus[];
  readonly limit: number;
}

/** So many failed tasks are shown with their reasons. */
const SHOWN_FAILURES = 5;
/** So many characters of a result; `dsage wait` prints all of it. */
const SHOWN_RESULT = 200;

export async function showJob(cli: Cli, [given]: string[], flags: JobFlags): Promise<undefined> {
  const id = jobId(given);
  const wantsTasks = flags.tasks === true || flags.status !== undefined;
  await cli.withServer(async (d) => {
    const job = await d.jobInfo(id);
    const filter = flags.status === undefined ? {} : { status: flags.status };
    const tasks = wantsTasks ? await d.tasks(id, filter).toArray(flags.limit) : undefined;
    const failures = await failuresOf(d, job);
    const given = await givenBy(d, job);
    if (cli.json) {
      const result = given === undefined ? {} : { result: plain(given.result) };
      cli.printJson({ ...job, ...result, failures, ...(tasks === undefined ? {} : { tasks }) });
      return;
    }
    cli.print(facts([...factsOf(job), ...resultFact(given)], cli.look));
    for (const failure of failures) cli.print(`\n${failureText(failure)}`);
    if (tasks === undefined) return;
    cli.print(`\n${table(taskColumns(Date.now()), tasks, { look: cli.look, empty: 'No tasks.' })}`);
    if (tasks.length === flags.limit && job.taskCount > flags.limit) {
      cli.note(`There are more: dsage job ${String(id)} --tasks --limit ${String(flags.limit * 4)}`);
    }
  });
}

export async function explain(cli: Cli, [given]: string[]): Promise<undefined> {
  const explanation = await cli.withServer((d) => d.explain(jobId(given)));
  if (cli.json) {
    cli.printJson(explanation);
    return;
  }
  for (const reason of explanation.reasons) cli.printLine(reason);
  if (explanation.workers.length === 0) return;
  const columns: Column<Explanation['workers'][number]>[] = [
    { title: 'WORKER', value: ({ worker }) => worker, align: 'right' },
    { title: 'NAME', value: ({ name }) => name },
    { title: 'CAN RUN IT', value: ({ canRun }) => (canRun ? 'yes' : 'no') },
    { title: 'WHY', value: ({ reason }) => reason, shrinks: true },
  ];
  cli.print(`\n${table(columns, explanation.workers, { look: cli.look, empty: '' })}`);
}

interface Given {
  readonly result: unknown;
}

/** What the coordinator of a completed job said that it gave. Other jobs have an answer for each task. */
async function givenBy(d: Dsage, { id, kind, status }: JobInfo): Promise<Given | undefined> {
  return kind === 'class' && status === 'completed' ? { result: (await d.job(id)).result } : undefined;
}

function resultFact(given: Given | undefined): [string, string][] {
  if (given === undefined) return [];
  const text = inspect(given.result, { breakLength: Infinity, compact: true, maxArrayLength: 20 });
  const isLong = text.length > SHOWN_RESULT;
  return [['result', isLong ? `${text.slice(0, SHOWN_RESULT - 1)}…` : text]];
}

interface ShownFailure extends Failure {
  readonly task: number;
}

async function failuresOf(d: Dsage, { id, counts }: JobInfo): Promise<ShownFailure[]> {
  if (counts.failed === 0) return [];
  const failed = await d.tasks(id, { status: 'failed' }).toArray(SHOWN_FAILURES);
  const details = await Promise.all(failed.map(({ index }) => d.task(id, index)));
  return details.flatMap(({ index, failures }) => failures.map((failure) => ({ task: index, ...failure })));
}

function failureText({
  task,
  attempt,
  workerName,
  message,
  lastOutput = '',
  directory,
  ...failure
}: ShownFailure): string {
  const where = workerName === '' ? '' : ` on ${workerName}`;
  const ended = [
    failure.exitCode === undefined ? '' : `exit code ${String(failure.exitCode)}`,
    failure.signal === undefined ? '' : `signal ${failure.signal}`,
    failure.wallMs > 0 ? `after ${duration(failure.wallMs)}` : '',
    failure.peakMemoryKb > 0 ? `peak memory ${String(Math.round(failure.peakMemoryKb / 1024))} MiB` : '',
    directory === undefined ? '' : `files kept in ${directory}`,
  ].filter((part) => part !== '');
  const lines = [
    `task ${String(task)}, attempt ${String(attempt)}${where}: ${message}`,
    ...(ended.length === 0 ? [] : [`  ${ended.join(', ')}`]),
    ...stackOf(failure.error),
    ...lastOutput
      .trimEnd()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => `  | ${line}`),
  ];
  return `${lines.join('\n')}\n`;
}

/** The frames of what the task threw, and of what caused that: they are the user's own code. */
function stackOf(error: unknown): string[] {
  return chainOf(error).flatMap((each, place) => {
    const frames = (each.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
    const cause = place === 0 ? [] : [`caused by ${String(each)}`];
    return [...cause, ...frames].map((line) => `  ${line.trim()}`);
  });
}

function factsOf(job: JobInfo): [string, string][] {
  const now = Date.now();
  const { waiting, processing } = job.counts;
  const resources = Object.entries(job.resources).map(([name, amount]) => `${name}=${String(amount)}`);
  const entries: [string, string][] = [
    ['job', `${String(job.id)}${job.name === '' ? '' : `, ${job.name}`}`],
    ['status', job.status + (job.reason === '' ? '' : `: ${job.reason}`)],
    [job.kind === 'class' ? 'class' : 'code', job.summary],
    ['kind', kindOf(job)],
    ['user', job.owner],
    ['priority', String(job.priority)],
    [
      'tasks',
      `${progressOf(job.counts, job.taskCount)}, ${String(processing)} running, ${String(waiting)} waiting${job.closed ? '' : ', more may come'}`,
    ],
    ['says', saysOf(job)],
    ['labels', job.labels.join(', ')],
    ['resources', resources.join(', ')],
    ['after', job.after.join(', ')],
    ['submitted', ago(job.createdAt, now)],
    ['started', ago(job.startedAt, now)],
    ['ended', ago(job.endedAt, now)],
    ['took', took(job, now)],
    ['kept', job.ttlMs === 0 ? '' : `${duration(job.ttlMs)} after its end`],
  ];
  return entries.filter(([, value]) => value !== '');
}

/** What a job that runs says of itself. */
function saysOf({ note, fraction }: JobInfo): string {
  const part = fraction === undefined ? '' : `${String(Math.floor(fraction * 100))} %`;
  return [part, note].filter((it) => it !== '').join(', ');
}

function kindOf({ kind, evaluator, detached }: JobInfo): string {
  if (kind === 'eval') return `eval, ${evaluator}`;
  return detached ? `${kind}, detached` : kind;
}

function taskColumns(now: number): Column<TaskInfo>[] {
  return [
    { title: 'TASK', value: ({ index }) => index, align: 'right' },
    {
      title: 'STATUS',
      value: ({ status }) => status,
      color: ({ status }, colors) => statusColor(status, colors),
    },
    {
      title: 'PROGRESS',
      value: ({ progress }) => (progress === 0 ? '' : `${String(Math.floor(progress * 100))} %`),
      align: 'right',
      optional: true,
    },
    { title: 'ATTEMPT', value: ({ attempt }) => (attempt === 0 ? '' : attempt), align: 'right' },
    { title: 'WORKER', value: ({ worker }) => (worker === 0 ? '' : worker), align: 'right' },
    { title: 'STARTED', value: ({ startedAt }) => ago(startedAt, now) },
    {
      title: 'TOOK',
      value: ({ wallTime }) => (wallTime === 0 ? '' : duration(wallTime * 1000)),
      align: 'right',
    },
    { title: 'CPU', value: ({ cpuTime }) => (cpuTime === 0 ? '' : duration(cpuTime * 1000)), align: 'right' },
    {
      title: 'MEMORY',
      value: ({ peakMemoryKb }) =>
        peakMemoryKb === 0 ? '' : `${String(Math.round(peakMemoryKb / 1024))} MiB`,
      align: 'right',
    },
  ];
}
