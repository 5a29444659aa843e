import type { ServerDuplexStream } from '@grpc/grpc-js';

import { asDsageError, DsageError, messageOf } from '../../model/errors.js';
import type { JobId, JobSpec } from '../../model/job.js';
import { ownHello } from '../../wire/hello.js';
import type { Identity } from '../../model/user.js';
import { jobSpecFromMessage, statusFromMessage } from '../../wire/convert.js';
import type {
  JobEnd as JobEndMessage,
  JobNote,
  NewJob,
  OpenSession,
  SessionRequest,
  SessionResponse,
  SubmitTasks,
  WatchJobs,
} from '../../wire/gen/dsage/v1/client.js';
import { readPackedTasks } from '../../wire/packed.js';
import { ClientLink } from '../client-hub.js';
import { problemOf } from '../core/effects.js';
import type { JobEnd, JobSubmitted } from '../core/events.js';
import { checkInputs, checkResult, checkSpec } from '../spec.js';
import { duplexStream } from './handlers.js';
import { checkHello } from './hello.js';
import type { Services } from './services.js';

type Stream = ServerDuplexStream<SessionRequest, SessionResponse>;

/** Step 1 of the flow: a client's stream of submissions and watches. */
export function session(services: Services) {
  return duplexStream<SessionRequest, SessionResponse>(services.users, (call, caller) => {
    let link: ClientLink | undefined;
    return {
      take: ({ message }) => {
        if (link !== undefined) take(services, link, message);
        else if (message?.$case === 'open') link = open(services, call, caller, message.value);
        else throw new DsageError('invalid-argument', 'A session begins with `open`.');
      },
      leave: () => {
        if (link !== undefined) services.clients.remove(link);
      },
    };
  });
}

function open(services: Services, call: Stream, identity: Identity, request: OpenSession): ClientLink {
  const hello = checkHello(request.hello, 'client');
  const id = request.session;
  if (id === '') throw new DsageError('invalid-argument', 'A session needs an id.');
  const { host, pid } = request;
  const now = services.now();
  const link = new ClientLink(call, {
    id,
    identity,
    host,
    pid,
    packageVersion: hello.packageVersion,
    now,
  });
  services.clients.add(link);
  link.write({
    $case: 'opened',
    value: {
      hello: ownHello(),
      cluster: services.cluster,
      user: identity.name,
      role: identity.role,
    },
  });
  return link;
}

function take(services: Services, link: ClientLink, message: SessionRequest['message']): void {
  switch (message?.$case) {
    case 'jobs':
      for (const job of message.value.jobs) submitJob(services, link, job);
      break;
    case 'tasks':
      submitTasks(services, link, message.value);
      break;
    case 'watch':
      void watch(services, link, message.value);
      break;
    case 'unwatch':
      for (const job of message.value.jobs) services.clients.unwatch(link, job);
      break;
    case 'note':
      note(services, link, message.value);
      break;
    case 'open':
      throw new DsageError('invalid-argument', 'A session is opened once on a stream.');
    default:
      throw new DsageError('invalid-argument', 'This server does not know that message.');
  }
}

function submitJob(services: Services, link: ClientLink, job: NewJob): void {
  const { session, connection, identity } = link;
  const { seq } = job;
  let spec;
  let payloads;
  try {
    if (identity.onlyJob !== undefined) throw notItsOwn();
    spec = keep(checkSpec(jobSpecFromMessage(job.spec), services.blobs));
    payloads = checkInputs(readPackedTasks(job.packedTasks, job.taskCount), 0, services.blobs);
  } catch (error) {
    refuse(services, link, seq, error);
    return;
  }
  if (job.watch) link.watchSeqs.add(seq);
  const repeatOf = services.submitted(session, seq);
  services.engine.post({
    type: 'job-submitted',
    session,
    connection,
    seq,
    owner: identity.name,
    spec,
    payloads,
    closed: job.closed,
    ...(repeatOf === undefined ? {} : { repeatOf }),
    ...(spec.after === undefined ? {} : { naming: namingFor(services, identity) }),
  });
}

function namingFor({ engine }: Services, { role }: Identity): NonNullable<JobSubmitted['naming']> {
  const readJob = (id: JobId) => (Number.isSafeInteger(id) ? engine.store.job(id) : undefined);
  return { isAdmin: role === 'admin', readJob };
}

/** The program outlives the message that brought it, and must not keep all of that in memory. */
function keep(spec: JobSpec): JobSpec {
  return { ...spec, program: Uint8Array.from(spec.program) };
}

function submitTasks(services: Services, link: ClientLink, message: SubmitTasks): void {
  const { session, connection, identity } = link;
  const seq = message.target?.$case === 'seq' ? message.target.value : message.replySeq;
  try {
    const { onlyJob } = identity;
    const target = message.target?.$case === 'job' ? message.target.value : undefined;
    if (onlyJob !== undefined && onlyJob !== target) throw notItsOwn();
    const { firstIndex, packedTasks, taskCount } = message;
    const payloads = checkInputs(readPackedTasks(packedTasks, taskCount), firstIndex, services.blobs);
    services.engine.post({
      type: 'tasks-submitted',
      session,
      connection,
      seq,
      target: message.target?.$case === 'job' ? { job: message.target.value } : { seq },
      owner: identity.name,
      isAdmin: identity.role === 'admin',
      firstIndex,
      payloads,
      closed: message.closed,
      coordinator: message.coordinator,
      ...(message.end === undefined ? {} : { end: endOf(services, message.end) }),
    });
  } catch (error) {
    refuse(services, link, seq, error);
  }
}

/** Nothing answers it: a note that is not heard is missed by nobody. */
function note({ engine }: Services, { identity }: ClientLink, { job, ...said }: JobNote): void {
  if (identity.onlyJob !== undefined && identity.onlyJob !== job) return;
  engine.post({ type: 'job-noted', job, owner: identity.name, ...said });
}

function notItsOwn(): DsageError {
  return new DsageError('permission-denied', 'A coordinator on a worker submits tasks of its own job only.');
}

function endOf({ blobs }: Services, { status, reason, result }: JobEndMessage): JobEnd {
  const name = statusFromMessage(status);
  if (name !== 'completed' && name !== 'failed') {
    throw new DsageError(
      'invalid-argument',
      `A coordinator ends its job as completed or failed, not ${name}.`,
    );
  }
  return { status: name, reason, result: Uint8Array.from(checkResult(result, blobs)) };
}

async function watch(services: Services, link: ClientLink, message: WatchJobs): Promise<void> {
  // What is under way to the disk may still be lost: it is not shown before.
  await services.engine.settled();
  for (const { job, fromOrdinal, statusOnly } of message.jobs) {
    try {
      services.views.requireJob(job, link.identity);
      services.clients.watch(link, job, { from: fromOrdinal, statusOnly, isNew: false });
    } catch (error) {
      services.clients.tellMissing(link, job, messageOf(error));
    }
  }
  services.clients.flush();
}

function refuse(services: Services, link: ClientLink, seq: number, error: unknown): void {
  const { session, connection } = link;
  services.clients.deliver({
    type: 'refuse',
    session,
    connection,
    seq,
    problem: problemOf(asDsageError(error)),
  });
  services.clients.flush();
}
