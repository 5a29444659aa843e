import type { ClientDuplexStream } from '@grpc/grpc-js';

import type { DsageError, ErrorCode } from '../model/errors.js';
import type {
  OpenSession,
  SessionOpened,
  SessionRequest,
  SessionResponse,
} from '../wire/gen/dsage/v1/client.js';
import { retryDelayMs } from './core/backoff.js';

type Stream = ClientDuplexStream<SessionRequest, SessionResponse>;

/** Trying again would end the same way. */
const FINAL: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'version-mismatch',
  'wrong-cluster',
  'unauthenticated',
  'permission-denied',
]);

export interface LinkOptions {
  readonly stream: () => Stream;
  readonly explain: (error: unknown) => DsageError;
  readonly hello: OpenSession;
}

export interface LinkHandlers {
  readonly onOpened: (opened: SessionOpened) => void;
  readonly onMessage: (message: SessionResponse) => void;
  /** More may be written after `write` returned false. */
  readonly onDrained: () => void;
  /** The stream ended, and will be tried again unless `isFinal`. */
  readonly onDown: (error: DsageError | undefined, isFinal: boolean) => void;
}

/**
 * Keeps one session stream open: opens it, greets, and opens it again with backoff whenever it ends.
 * It knows nothing of what is said on it.
 */
export class Link {
  readonly #options: LinkOptions;
  readonly #handlers: LinkHandlers;
  #stream: Stream | undefined;
  #timer: NodeJS.Timeout | undefined;
  #opened = false;
  #stopped = false;
  #failures = 0;
  #drained = true;

  constructor(options: LinkOptions, handlers: LinkHandlers) {
    this.#options = options;
    this.#handlers = handlers;
  }

  /** Whether the server has greeted back on the stream that is open now. */
  get isOpen(): boolean {
    return this.#opened;
  }

  /** Whether the next message may be written at once. */
  get isWritable(): boolean {
    return this.#opened && this.#drained;
  }

  start(): void {
    if (this.#stopped || this.#stream !== undefined || this.#timer !== undefined) return;
    const stream = this.#options.stream();
    this.#stream = stream;
    let ended = false;
    // grpc-js reports one end as an error, an end and a status: the first one counts.
    const end = (error?: unknown): void => {
      if (ended) return;
      ended = true;
      this.#down(error);
    };
    stream.on('data', (message: SessionResponse) => this.#receive(message));
    stream.on('drain', () => {
      this.#drained = true;
      if (this.#opened) this.#handlers.onDrained();
    });
    stream.on('error', end);
    stream.on('end', () => end());
    stream.write({ message: { $case: 'open', value: this.#options.hello } });
  }

  /** Only when `isWritable`; a message is taken even when it is the one that fills the buffer. */
  write(message: SessionRequest): void {
    if (this.#stream === undefined) return;
    this.#drained = this.#stream.write(message);
  }

  /** Ends the stream and tries no more. Idempotent. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const stream = this.#stream;
    this.#stream = undefined;
    this.#opened = false;
    stream?.end();
    stream?.cancel();
  }

  #receive({ message }: SessionResponse): void {
    if (this.#stopped || message === undefined) return;
    if (message.$case === 'opened') {
      this.#opened = true;
      this.#failures = 0;
      this.#handlers.onOpened(message.value);
    } else if (message.$case === 'closing') {
      // The server is about to stop: leaving now lets it stop at once, and the backoff finds the next one.
      this.#opened = false;
      this.#stream?.end();
    } else {
      this.#handlers.onMessage({ message });
    }
  }

  #down(cause: unknown): void {
    if (this.#stopped) return;
    this.#stream = undefined;
    this.#opened = false;
    this.#drained = true;
    this.#failures += 1;
    const error = cause === undefined ? undefined : this.#options.explain(cause);
    const isFinal = error !== undefined && FINAL.has(error.code);
    if (isFinal) this.#stopped = true;
    this.#handlers.onDown(error, isFinal);
    if (isFinal) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.start();
      },
      retryDelayMs(this.#failures, Math.random()),
    );
  }
}
