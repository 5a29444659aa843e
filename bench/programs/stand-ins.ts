// Many workers in one process: each with a connection of its own speaks the protocol of WorkerService, and answers
// every task after a while without running it. Notes how long each lease took to come.

import { randomUUID } from 'node:crypto';

import type { ClientDuplexStream } from '@grpc/grpc-js';

import { PROTOCOL_VERSION } from '#dsage/model/protocol.js';
import { loadClientFiles } from '#dsage/security/load.js';
import { decodeValue, encodeValue } from '#dsage/wire/codec.js';
import { CHANNEL_OPTIONS, clientCredentials } from '#dsage/wire/credentials.js';
import { type LeaseRun, WorkerServiceClient } from '#dsage/wire/gen/dsage/v1/worker.js';
import type { WorkRequest, WorkResponse } from '#dsage/wire/gen/dsage/v1/worker.js';
import { packageVersion } from '#dsage/wire/hello.js';
import { readPackedTasks, writeAnswerRecord } from '#dsage/wire/packed.js';
import { inlinePayload, readPayload } from '#dsage/wire/payload.js';

import { configuration, connection, serve } from '../support/serve.js';

type Message = NonNullable<WorkRequest['message']>;

const { server, directory } = connection();
const workers = Number(configuration()['workers']);
/** How long a task is held. */
const taskMs = Number(configuration()['taskMs']);
const credentials = clientCredentials(loadClientFiles(directory));
const answer = inlinePayload(encodeValue(0));
/** What came since it was last asked for, milliseconds. */
let dispatchMs: number[] = [];

/** Resolves when the server has registered it. */
function startWorker(number: number): Promise<void> {
  const stream = new WorkerServiceClient(server, credentials, CHANNEL_OPTIONS).work();
  const say = (message: Message): void => {
    stream.write({ message });
  };
  let seq = 0;
  let worker = 0;
  return new Promise((resolve, reject) => {
    stream.on('error', reject);
    stream.on('data', ({ message }: WorkResponse) => {
      if (message?.$case === 'registered') {
        worker = message.value.worker;
        const renew = (): void => say(renewal());
        renew();
        setInterval(renew, message.value.renewMs);
        resolve();
      } else if (message?.$case === 'leases') {
        for (const run of message.value.runs) {
          note(run);
          setTimeout(() => say(answersTo(run, ++seq, worker)), taskMs);
        }
      }
    });
    register(stream, number);
  });
}

function register(stream: ClientDuplexStream<WorkRequest, WorkResponse>, number: number): void {
  const hello = { protocolVersion: PROTOCOL_VERSION, packageVersion: packageVersion() };
  const machine = { cpuModel: 'none', cpuCount: 1, memoryMb: 1024, speedMmps: 1, coordinators: 0 };
  const node = { nodeVersion: process.version, packageVersion: packageVersion(), platform: process.platform };
  const info = {
    ...{ name: `stand-in ${number}`, host: 'localhost', pid: process.pid, slots: 1 },
    ...{ labels: [], resources: {}, evaluators: ['javascript'], ...machine, ...node },
  };
  stream.write({ message: { $case: 'register', value: { hello, instance: randomUUID(), info, held: [] } } });
}

function renewal(): Message {
  return {
    $case: 'renew',
    value: { credit: 1, busySlots: 0, load1: 0, freeMemoryMb: 1024, progress: [], running: [] },
  };
}

/** The input of each task is the moment at which it was there. */
function note(run: LeaseRun): void {
  const nowUs = Number(process.hrtime.bigint() / 1000n);
  for (const payload of readPackedTasks(run.packedTasks, run.count)) {
    const content = readPayload(payload);
    const [momentUs] = (content.type === 'inline' ? decodeValue(content.bytes) : []) as [number];
    dispatchMs.push((nowUs - momentUs) / 1000);
  }
}

function answersTo(run: LeaseRun, seq: number, worker: number): Message {
  const records = Array.from({ length: run.count }, (_, place) =>
    writeAnswerRecord({
      ...{ index: run.firstIndex + place, attempt: run.attempt, outcome: 'completed', worker },
      ...{ startedAtMs: Date.now(), wallUs: 1000 * taskMs, cpuUs: 0, peakMemoryKb: 0, payload: answer },
    }),
  );
  const batch = { job: run.job, count: run.count, packedAnswers: Buffer.concat(records) };
  return { $case: 'answers', value: { seq, batches: [batch] } };
}

await Promise.all(Array.from({ length: workers }, (_, number) => startWorker(number)));
serve({
  take: async () => {
    const ms = dispatchMs;
    dispatchMs = [];
    return { ms };
  },
});
