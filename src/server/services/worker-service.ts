import { DsageError } from '../../model/errors.js';
import { workerInfoFromMessage } from '../../wire/convert.js';
import type {
  RegisterWorker,
  SubmitAnswers,
  WorkerServiceServer,
  WorkRequest,
  WorkResponse,
} from '../../wire/gen/dsage/v1/worker.js';
import { readAnswerRecords } from '../../wire/packed.js';
import type { WorkerLink } from '../worker-hub.js';
import { checkAnswer } from './answers.js';
import { readBlob, storeUpload } from './blobs.js';
import { clientStream, duplexStream, serverStream } from './handlers.js';
import { checkHello } from './hello.js';
import type { Services } from './services.js';

/** What workers call. */
export function workerService(services: Services): WorkerServiceServer {
  return {
    work: work(services),
    storeBlob: clientStream(async (requests) => {
      await storeUpload(services.blobs, requests);
      return {};
    }),
    fetchBlob: serverStream(services.users, (request) => readBlob(services.blobs, request.blob)),
  };
}

/** Steps 4 to 6 of the flow: one worker's stream. */
function work(services: Services) {
  return duplexStream<WorkRequest, WorkResponse>(services.users, (call, caller) => {
    const link = services.workers.add(call, caller);
    let isRegistered = false;
    return {
      take: (request) => {
        if (request.message?.$case === 'register') {
          if (isRegistered) throw new DsageError('invalid-argument', 'A worker registers once on a stream.');
          isRegistered = true;
        }
        take(services, link, request);
      },
      leave: () => {
        services.workers.remove(link);
        if (link.worker === undefined) return;
        const { worker, connection } = link;
        services.engine.post({ type: 'worker-disconnected', worker, connection });
        link.worker = undefined;
      },
    };
  });
}

function take(services: Services, link: WorkerLink, { message }: WorkRequest): void {
  if (message?.$case === 'register') {
    register(services, link, message.value);
    return;
  }
  const { worker, connection } = link;
  if (worker === undefined) throw new DsageError('invalid-argument', 'A worker begins with `register`.');
  switch (message?.$case) {
    case 'renew':
      services.engine.post({ type: 'worker-renewed', worker, connection, ...message.value });
      break;
    case 'answers':
      services.engine.post({
        type: 'answers-received',
        worker,
        connection,
        ...answersOf(services, worker, message.value),
      });
      break;
    case 'output':
      services.engine.post({ type: 'output-received', worker, connection, ...message.value });
      break;
    case 'draining':
      services.engine.post({ type: 'worker-draining', worker, connection, stop: message.value.stop });
      break;
    case 'log':
      services.workers.logArrived(message.value.request, message.value.lines);
      break;
    default:
      throw new DsageError('invalid-argument', 'This server does not know that message.');
  }
}

function register(services: Services, link: WorkerLink, message: RegisterWorker): void {
  checkHello(message.hello, 'worker');
  const { identity, connection } = link;
  const known = services.engine.store.workerByInstance(message.instance);
  if (known !== undefined && known.user !== identity.name) {
    throw new DsageError('permission-denied', `The worker ${message.instance} is another user's.`);
  }
  services.engine.post({
    type: 'worker-registered',
    connection,
    instance: message.instance,
    user: identity.name,
    role: identity.role,
    info: workerInfoFromMessage(message.info),
    held: message.held,
    ...(known === undefined ? {} : { known: known.number }),
  });
}

function answersOf(services: Services, worker: number, { seq, batches }: SubmitAnswers) {
  return {
    seq,
    batches: batches.map(({ job, count, packedAnswers }) => ({
      job,
      answers: readAnswerRecords(packedAnswers, count).map((answer) => checkAnswer(services, worker, answer)),
    })),
  };
}
