/** One route of the API, as its document tells it. */
export interface Operation {
  readonly method: 'get' | 'post' | 'delete';
  /** As the router has it, below /api. */
  readonly path: string;
  readonly summary: string;
  /** Names of query parameters, and what they are. */
  readonly query?: Readonly<Record<string, string>>;
  /** Fields of the JSON body: names of kinds. */
  readonly body?: Readonly<Record<string, Kind>>;
  /** The schema of the answer, or its media type where it is no JSON. */
  readonly answer: string;
  /** Open without a login to a server with --web-public-status. */
  readonly isPublic?: true;
}

export type Kind = 'numbers' | 'number' | 'text' | 'flag';

const CBOR = 'application/cbor';
const TEXT = 'text/plain';
const EVENTS = 'text/event-stream';

const READS: readonly Operation[] = [
  {
    ...{ method: 'get', path: '/session', answer: 'SessionView', isPublic: true },
    summary: 'Who is logged in, and what is open without.',
  },
  {
    ...{ method: 'get', path: '/overview', answer: 'Overview', isPublic: true },
    summary: 'The server at a glance: numbers, unfinished jobs, workers, the newest failures.',
  },
  {
    ...{ method: 'get', path: '/history', answer: 'History', isPublic: true },
    summary: 'Throughput and slots of the last ten minutes.',
  },
  {
    ...{ method: 'get', path: '/events', answer: EVENTS, isPublic: true },
    summary:
      'Server-sent events of a topic: `snapshot`, then `delta` with the keys that changed; `ping` every 10 s. Last-Event-ID resumes.',
    query: { topic: 'overview, jobs, job:ID, workers, worker:N or server' },
  },
  {
    ...{ method: 'get', path: '/jobs', answer: 'JobPage' },
    summary: 'A page of the jobs that you may see.',
    query: {
      status: 'Statuses, with commas between',
      owner: 'A user name, or * for everybody',
      kind: 'eval, map, class …',
      q: 'A part of the name',
      since: 'Created from then on, ms since the epoch',
      until: 'Created before then, ms since the epoch',
      sort: 'newest, oldest, name, priority, duration, failed or ended',
      from: '`next` of the page before',
      limit: 'How many',
    },
  },
  { method: 'get', path: '/jobs/:id', summary: 'One job.', answer: 'JobDetail' },
  {
    ...{ method: 'get', path: '/jobs/:id/result', answer: CBOR },
    summary: "The job's result.",
    query: { download: 'Any value: as a file' },
  },
  { method: 'get', path: '/jobs/:id/program', summary: "The job's code.", answer: TEXT },
  { method: 'get', path: '/jobs/:id/parameters', summary: "A class job's parameters.", answer: CBOR },
  {
    ...{ method: 'get', path: '/jobs/:id/tasks', answer: 'TaskPage' },
    summary: "A page of the job's tasks.",
    query: { status: 'Statuses, with commas between', from: '`next` of the page before', limit: 'How many' },
  },
  {
    ...{ method: 'get', path: '/jobs/:id/tasks/:index', answer: 'TaskDetail' },
    summary: 'One task with its attempts.',
  },
  { method: 'get', path: '/jobs/:id/tasks/:index/input', summary: "The task's input.", answer: CBOR },
  { method: 'get', path: '/jobs/:id/tasks/:index/answer', summary: "The task's answer.", answer: CBOR },
  {
    ...{ method: 'get', path: '/jobs/:id/timeline', answer: 'Timeline' },
    summary: 'When its tasks ran, and where.',
  },
  {
    ...{ method: 'get', path: '/jobs/:id/output', answer: 'OutputPage' },
    summary: 'What its tasks wrote.',
    query: { index: 'Of one task only', after: '`next` of the answer before' },
  },
  {
    ...{ method: 'get', path: '/jobs/:id/output/events', answer: EVENTS },
    summary:
      'The end of what its tasks wrote as a `snapshot` event, what they write from then on as `output` events, and `end`.',
    query: { index: 'Of one task only' },
  },
  { method: 'get', path: '/workers', summary: 'All workers.', answer: 'Workers' },
  { method: 'get', path: '/workers/:id', summary: 'One worker.', answer: 'WorkerSummary' },
  { method: 'get', path: '/workers/:id/timeline', summary: 'What it ran, and when.', answer: 'Timeline' },
  {
    ...{ method: 'get', path: '/workers/:id/log', answer: 'LogLines' },
    summary: "The last lines of a worker's log, for its user and admins.",
    query: { lines: 'How many' },
  },
  { method: 'get', path: '/server', summary: 'The server itself.', answer: 'ServerDetail' },
  {
    ...{ method: 'get', path: '/server/log', answer: 'LogLines' },
    summary: "The last lines of the server's log, for admins.",
    query: { lines: 'How many' },
  },
  { method: 'get', path: '/users', summary: 'All users, for admins.', answer: 'Users' },
  { method: 'get', path: '/openapi.json', summary: 'This document.', answer: 'Anything' },
];

const CHANGES: readonly Operation[] = [
  { method: 'post', path: '/logout', summary: 'Ends the session.', answer: 'Nothing' },
  {
    ...{ method: 'post', path: '/jobs/kill', answer: 'Killed' },
    summary: 'Stops jobs and what runs of them.',
    body: { jobs: 'numbers', reason: 'text' },
  },
  {
    ...{ method: 'post', path: '/jobs/rerun', answer: 'Rerun' },
    summary: 'Runs ended jobs again: all of them, or only the tasks that did not complete.',
    body: { jobs: 'numbers', onlyFailed: 'flag' },
  },
  {
    ...{ method: 'post', path: '/jobs/pause', answer: 'Nothing' },
    summary: 'Starts no more of their tasks.',
    body: { jobs: 'numbers' },
  },
  {
    ...{ method: 'post', path: '/jobs/resume', answer: 'Nothing' },
    summary: 'Goes on with paused jobs.',
    body: { jobs: 'numbers' },
  },
  {
    ...{ method: 'post', path: '/jobs/priority', answer: 'Nothing' },
    summary: 'Changes how urgent jobs are: 1 (highest) to 5.',
    body: { jobs: 'numbers', priority: 'number' },
  },
  {
    ...{ method: 'post', path: '/jobs/forget', answer: 'Forgotten' },
    summary: 'Removes jobs that have ended.',
    body: { jobs: 'numbers' },
  },
  {
    ...{ method: 'post', path: '/jobs/:id/tasks/kill', answer: 'Killed' },
    summary: 'Stops tasks of one job; the job goes on.',
    body: { indexes: 'numbers', reason: 'text' },
  },
  {
    ...{ method: 'post', path: '/workers/:id/drain', answer: 'Nothing' },
    summary: 'Lets a worker finish what it runs and gives it nothing new; `stop`: it ends then.',
    body: { stop: 'flag' },
  },
  {
    ...{ method: 'post', path: '/workers/:id/resume', answer: 'Nothing' },
    summary: 'Gives a worker tasks again that was drained.',
  },
  {
    ...{ method: 'post', path: '/workers/:id/remove', answer: 'Nothing' },
    summary: 'Drains a worker and stops it; forgets one that is away, whose tasks wait again.',
  },
  {
    ...{ method: 'post', path: '/users', answer: 'NewUser' },
    summary: 'Signs a certificate request, for admins.',
    body: { name: 'text', role: 'text', csrPem: 'text' },
  },
  {
    ...{ method: 'post', path: '/users/:name/enable', answer: 'Nothing' },
    summary: 'Lets a user in again, for admins.',
  },
  {
    ...{ method: 'post', path: '/users/:name/disable', answer: 'Nothing' },
    summary: 'Refuses a user from now on, for admins.',
  },
  {
    ...{ method: 'delete', path: '/users/:name', answer: 'Nothing' },
    summary: 'Removes a user, for admins.',
  },
];

export const OPERATIONS: readonly Operation[] = [...READS, ...CHANGES];
