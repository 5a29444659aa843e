import type { ChannelCredentials, ClientDuplexStream, ServiceError } from '@grpc/grpc-js';

import { DsageError, type ErrorCode } from '../model/errors.js';
import { CHANNEL_OPTIONS } from '../wire/credentials.js';
import { fromServiceError } from '../wire/errors.js';
import { WorkerServiceClient, type WorkRequest, type WorkResponse } from '../wire/gen/dsage/v1/worker.js';

export interface SessionOptions {
  /** HOST:PORT. */
  readonly server: string;
  readonly credentials: ChannelCredentials;
}

/** `onOpened` may come from inside `start`; the others come from the event loop. */
export interface SessionHandlers {
  /** A stream was begun; nothing was said on it. Whether a server answers is not known yet. */
  onOpened(): void;
  onMessage(response: WorkResponse): void;
  /** The stream has ended. The session tries again by itself after `retryMs`. */
  onClosed(why: DsageError, retryMs: number): void;
  /** The server answered that it does not want this worker, and it never did: trying again is no use. */
  onRefused(why: DsageError): void;
}

const FIRST_RETRY_MS = 200;
const LAST_RETRY_MS = 5000;
/** After a refusal by a server that once took this worker: it may be upgraded, or its files put right. */
const REFUSED_RETRY_MS = 15_000;
const REFUSALS: readonly ErrorCode[] = [
  'version-mismatch',
  'unauthenticated',
  'permission-denied',
  'wrong-cluster',
  'invalid-argument',
];

/** The stream to the server: opens it, again and again for ever, and writes no faster than it takes. */
export class Session {
  readonly #options: SessionOptions;
  readonly #handlers: SessionHandlers;
  #client: WorkerServiceClient | undefined;
  #stream: ClientDuplexStream<WorkRequest, WorkResponse> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #failures = 0;
  #accepted = false;
  #stopped = false;
  /** What the stream does not take yet, in order. */
  #waiting: WorkRequest[] = [];
  #blocked = false;

  constructor(options: SessionOptions, handlers: SessionHandlers) {
    this.#options = options;
    this.#handlers = handlers;
  }

  /** For calls beside the stream; undefined while no stream is open. */
  get client(): WorkerServiceClient | undefined {
    return this.#stream && this.#client;
  }

  start(): void {
    if (this.#client || this.#stopped) return;
    this.#open();
  }

  /** Sends in order. What is sent while no stream is open is dropped: the core says it again on the next one. */
  send(request: WorkRequest): void {
    if (!this.#stream) return;
    if (this.#blocked) this.#waiting.push(request);
    else this.#blocked = !this.#stream.write(request);
  }

  /** The server has taken this worker: from now on no refusal is final, and retries start quickly again. */
  accepted(): void {
    this.#accepted = true;
    this.#failures = 0;
  }

  /** Ends the stream and opens another one. */
  reconnect(reason: string): void {
    const stream = this.#stream;
    if (!stream) return;
    stream.cancel();
    setImmediate(() => {
      this.#closed(stream, new DsageError('unavailable', `The worker ended its stream: ${reason}.`));
    });
  }

  /** Ends the stream for good. What was written before is still sent. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    clearTimeout(this.#retry);
    const stream = this.#stream;
    this.#stream = undefined;
    if (stream) await ended(stream, this.#waiting);
    this.#client?.close();
  }

  #open(): void {
    // A client of its own for every try: a shared connection would keep to its own pace of reconnecting.
    this.#client?.close();
    const { server, credentials } = this.#options;
    this.#client = new WorkerServiceClient(server, credentials, CHANNEL_OPTIONS);
    const stream = this.#client.work();
    this.#stream = stream;
    this.#waiting = [];
    this.#blocked = false;
    stream.on('data', (response: WorkResponse) => {
      if (this.#stream === stream) this.#handlers.onMessage(response);
    });
    stream.on('drain', () => {
      this.#drained(stream);
    });
    stream.on('error', (error: ServiceError) => {
      this.#closed(stream, fromServiceError(error, server));
    });
    stream.on('end', () => {
      this.#closed(stream, new DsageError('unavailable', `The server at ${server} ended the stream.`));
    });
    this.#handlers.onOpened();
  }

  #drained(stream: ClientDuplexStream<WorkRequest, WorkResponse>): void {
    if (this.#stream !== stream) return;
    this.#blocked = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const request of waiting) this.send(request);
  }

  #closed(stream: ClientDuplexStream<WorkRequest, WorkResponse>, why: DsageError): void {
    if (this.#stream !== stream) return;
    this.#stream = undefined;
    this.#waiting = [];
    if (this.#stopped) return;
    const refused = REFUSALS.includes(why.code);
    if (refused && !this.#accepted) {
      this.#stopped = true;
      this.#client?.close();
      this.#handlers.onRefused(why);
      return;
    }
    this.#failures += 1;
    const retryMs = refused ? REFUSED_RETRY_MS : retryDelayMs(this.#failures, Math.random());
    this.#retry = setTimeout(() => {
      this.#open();
    }, retryMs);
    this.#handlers.onClosed(why, retryMs);
  }
}

/** 200 ms, doubling to 5 s, less up to a half at random so that a cluster's workers do not come all at once. */
function retryDelayMs(failures: number, random: number): number {
  const full = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 10));
  return Math.round(full * (1 - random / 2));
}

const STOP_MS = 1000;

/** Writes the rest, says that nothing follows, and waits shortly for the server to end its side. */
async function ended(
  stream: ClientDuplexStream<WorkRequest, WorkResponse>,
  rest: readonly WorkRequest[],
): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, STOP_MS);
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    stream.removeAllListeners('error');
    stream.on('error', done);
    stream.on('end', done);
    for (const request of rest) stream.write(request);
    stream.end();
  });
  stream.cancel();
}
