import { JOB_STATUSES } from '../../../model/status.js';

export type Schema = Readonly<Record<string, unknown>>;

// Shapes of answers, as src/model/monitor.ts has them: short words for what JSON Schema says at length.
const text: Schema = { type: 'string' };
const whole: Schema = { type: 'integer' };
const number: Schema = { type: 'number' };
const flag: Schema = { type: 'boolean' };
const texts = list(text);
const statuses: Schema = { type: 'string', enum: JOB_STATUSES };

export function list(items: Schema): Schema {
  return { type: 'array', items };
}

export function ref(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` };
}

function object(properties: Readonly<Record<string, Schema>>): Schema {
  return { type: 'object', properties, required: Object.keys(properties) };
}

function mapOf(values: Schema): Schema {
  return { type: 'object', additionalProperties: values };
}

/** Fields of one kind. */
function all<Name extends string>(kind: Schema, ...names: Name[]): Record<Name, Schema> {
  return Object.fromEntries(names.map((name) => [name, kind])) as Record<Name, Schema>;
}

const percentiles = object(all(number, 'p50', 'p99'));

const jobSummary = {
  ...all(whole, 'id', 'priority', 'taskCount', 'createdAtMs', 'startedAtMs', 'endedAtMs', 'stuck'),
  ...all(text, 'owner', 'name', 'kind', 'evaluator', 'reason', 'summary', 'note'),
  ...all(flag, 'closed', 'detached'),
  status: statuses,
  counts: ref('Counts'),
  labels: texts,
  fraction: number,
};

const jobDetail = {
  ...jobSummary,
  limits: object(all(whole, 'timeMs', 'memoryMb', 'maxAttempts', 'outputBytes', 'maxFailedTasks')),
  resources: mapOf(number),
  after: list(whole),
  ...all(whole, 'ttlMs', 'generation', 'answerCount', 'resultBytes'),
  hasOutput: flag,
  why: texts,
  workersLack: list(object({ worker: whole, name: text, reason: text })),
};

const workerSummary = {
  ...all(whole, 'worker', 'slots', 'busySlots', 'leases', 'cpuCount', 'memoryMb', 'freeMemoryMb'),
  ...all(whole, 'connectedAtMs', 'lastSeenAtMs', 'oldestLeaseAtMs', 'completed', 'failed'),
  ...all(text, 'name', 'host', 'user', 'cpuModel', 'version'),
  ...all(flag, 'connected', 'draining'),
  load1: number,
  labels: texts,
  evaluators: texts,
  resources: mapOf(number),
};

const overview = {
  ...all(whole, 'atMs', 'startedAtMs', 'slots', 'busySlots', 'connectedWorkers', 'clients', 'moreActive'),
  ...all(text, 'version', 'cluster'),
  jobs: mapOf(whole),
  tasks: ref('Counts'),
  tasksPerSecond: number,
  active: list(ref('JobSummary')),
  workers: list(ref('WorkerSummary')),
  failures: list(object({ ...all(whole, 'job', 'atMs'), ...all(text, 'name', 'owner', 'message') })),
};

const taskRow = {
  ...all(whole, 'index', 'attempt', 'worker', 'startedAtMs', 'peakMemoryKb'),
  ...all(number, 'wallMs', 'cpuMs', 'progress'),
  status: statuses,
};

const attempt = {
  ...all(whole, 'attempt', 'worker', 'startedAtMs', 'peakMemoryKb'),
  wallMs: number,
  status: statuses,
  exitCode: { type: ['integer', 'null'] },
  ...all(text, 'signal', 'message', 'stack', 'outputTail'),
};

const bar = {
  ...all(whole, 'job', 'index', 'attempt', 'worker', 'startedAtMs', 'endedAtMs'),
  status: statuses,
};

const client = { ...all(text, 'user', 'host', 'version'), ...all(whole, 'pid', 'connectedAtMs') };

const serverDetail = {
  ...all(text, 'version', 'node', 'cluster', 'address', 'webUrl'),
  ...all(whole, 'startedAtMs', 'storeBytes', 'memoryMb', 'commits'),
  ...all(percentiles, 'eventLoopDelayMs', 'commitMs'),
  config: mapOf({ type: ['string', 'number', 'boolean'] }),
  clients: list(object(client)),
};

const user = { ...all(text, 'name', 'role'), enabled: flag, ...all(whole, 'createdAtMs', 'certificates') };

export const SCHEMAS: Readonly<Record<string, Schema>> = {
  Anything: { type: 'object' },
  Nothing: { type: 'object', additionalProperties: false },
  Error: object({ error: object(all(text, 'code', 'message', 'hint')) }),
  Counts: object(all(whole, 'waiting', 'processing', 'completed', 'failed', 'killed')),
  SessionView: object({ ...all(text, 'user', 'role', 'version'), isPublic: flag }),
  Overview: object(overview),
  History: object({
    ...all(whole, 'endMs', 'stepMs'),
    ...all(list(number), 'tasksPerSecond', 'busySlots', 'slots'),
  }),
  JobSummary: object(jobSummary),
  JobDetail: object(jobDetail),
  JobPage: object({ jobs: list(ref('JobSummary')), next: { type: ['string', 'null'] } }),
  TaskRow: object(taskRow),
  TaskPage: object({ tasks: list(ref('TaskRow')), next: { type: ['integer', 'null'] } }),
  TaskDetail: object({
    task: ref('TaskRow'),
    attempts: list(object(attempt)),
    ...all(whole, 'inputBytes', 'answerBytes'),
  }),
  Timeline: object({ atMs: whole, bars: list(object(bar)), notBegun: mapOf(whole), workers: mapOf(text) }),
  OutputPage: object({
    pieces: list(object({ ...all(whole, 'index', 'attempt'), text })),
    next: text,
    cut: flag,
  }),
  WorkerSummary: object(workerSummary),
  Workers: object({ workers: list(ref('WorkerSummary')) }),
  ServerDetail: object(serverDetail),
  LogLines: object({ lines: texts }),
  UserSummary: object(user),
  Users: list(ref('UserSummary')),
  NewUser: object(all(text, 'certificatePem', 'caPem')),
  Killed: object({ killed: list(whole) }),
  Rerun: object({ jobs: list(whole) }),
  Forgotten: object({ forgotten: whole }),
};
