import { once } from 'node:events';

import type * as grpc from '@grpc/grpc-js';

import { PROTOCOL_VERSION } from '#dsage/model/protocol.js';
import { loadClientFiles } from '#dsage/security/load.js';
import { CHANNEL_OPTIONS, clientCredentials } from '#dsage/wire/credentials.js';
import {
  ClientServiceClient,
  type NewJob,
  type SessionRequest,
  type SessionResponse,
} from '#dsage/wire/gen/dsage/v1/client.js';
import { ServerServiceClient } from '#dsage/wire/gen/dsage/v1/server.js';
import { WorkerServiceClient, type WorkRequest, type WorkResponse } from '#dsage/wire/gen/dsage/v1/worker.js';

import { eventually } from './cluster.js';

/** How a call ended. */
export interface End {
  readonly code: number;
  readonly details: string;
  /** The code of the DsageError, from the metadata. */
  readonly dsageCode: string | undefined;
}

export const HELLO = { protocolVersion: PROTOCOL_VERSION, packageVersion: '0.0.0-test' };

export const INFO = {
  ...{
    name: 'raw',
    host: 'raw.lab',
    pid: 1,
    slots: 1,
    labels: [],
    resources: {},
    evaluators: ['javascript'],
  },
  ...{
    cpuModel: '',
    cpuCount: 1,
    memoryMb: 1,
    nodeVersion: '',
    packageVersion: '',
    platform: '',
    speedMmps: 1,
    coordinators: 0,
  },
};

/** The generated clients with a user's own key pair: for what dsage's client and worker would never say. */
export class RawClient {
  readonly client: ClientServiceClient;
  readonly server: ServerServiceClient;
  readonly worker: WorkerServiceClient;

  constructor(address: string, directory: string, options: grpc.ChannelOptions = {}) {
    const credentials = clientCredentials(loadClientFiles(directory));
    const all = { ...CHANNEL_OPTIONS, ...options };
    this.client = new ClientServiceClient(address, credentials, all);
    this.server = new ServerServiceClient(address, credentials, all);
    this.worker = new WorkerServiceClient(address, credentials, all);
  }

  close(): void {
    for (const client of [this.client, this.server, this.worker]) client.close();
  }

  session(): Talk<SessionRequest, SessionResponse> {
    return new Talk(this.client.session());
  }

  /** A session that the server has greeted back. */
  async openSession(session: string): Promise<Talk<SessionRequest, SessionResponse>> {
    const talk = this.session();
    talk.say({ message: { $case: 'open', value: { hello: HELLO, session, host: 'raw', pid: 1 } } });
    await talk.hear(({ message }) => message?.$case === 'opened');
    return talk;
  }

  work(): Talk<WorkRequest, WorkResponse> {
    return new Talk(this.worker.work());
  }

  /** A worker's stream that the server has taken. */
  async register(instance: string): Promise<Talk<WorkRequest, WorkResponse>> {
    const talk = this.work();
    talk.say({ message: { $case: 'register', value: { hello: HELLO, instance, info: INFO, held: [] } } });
    await talk.hear(({ message }) => message?.$case === 'registered');
    return talk;
  }
}

/** A stream that goes both ways, with all that was heard on it. */
export class Talk<Request, Response> {
  readonly stream: grpc.ClientDuplexStream<Request, Response>;
  readonly heard: Response[] = [];
  end: End | undefined;

  constructor(stream: grpc.ClientDuplexStream<Request, Response>) {
    this.stream = stream;
    stream.on('data', (response: Response) => this.heard.push(response));
    stream.on('error', () => undefined);
    stream.on('status', (status: grpc.StatusObject) => (this.end = endOf(status)));
  }

  say(request: Request): void {
    this.stream.write(request);
  }

  /** The first response of that kind, of all that were heard since the start. */
  async hear(isIt: (response: Response) => boolean): Promise<Response> {
    let found: Response | undefined;
    await eventually('a response', () => {
      if (this.end !== undefined) throw new Error(`the stream ended: ${JSON.stringify(this.end)}`);
      return (found = this.heard.find(isIt)) !== undefined;
    });
    return found as Response;
  }

  /** How the server ended it. */
  async ended(): Promise<End> {
    await eventually('the stream ends', () => this.end !== undefined);
    return this.end as End;
  }
}

export function endOf(status: { code: number; details: string; metadata?: grpc.Metadata }): End {
  const { code, details, metadata } = status;
  return { code, details, dsageCode: metadata?.get('dsage-code')[0]?.toString() };
}

/** How a stream that only reads ended, once all of it was read. */
export async function endOfReading(stream: grpc.ClientReadableStream<unknown>): Promise<End> {
  stream.on('data', () => undefined).on('error', () => undefined);
  const [status] = (await once(stream, 'status')) as [grpc.StatusObject];
  return endOf(status);
}

/** A job of tasks that no worker will ever take. */
export function newJob(seq: number, job: Partial<NewJob> = {}): NewJob {
  return {
    seq,
    spec: {
      ...{ name: `raw ${String(seq)}`, kind: 'eval', evaluator: 'javascript', priority: 3 },
      limits: { timeMs: 0, memoryMb: 0, maxAttempts: 0, outputBytes: 0, maxFailedTasks: 0 },
      ...{ labels: ['nowhere'], resources: {}, program: Buffer.from([0, 0xf6]), attachments: [], ttlMs: 0 },
      summary: '',
      ...{ after: [], bundle: undefined, detached: false },
    },
    ...{ packedTasks: Buffer.from([0]), taskCount: 1, closed: true, watch: true },
    ...job,
  };
}
