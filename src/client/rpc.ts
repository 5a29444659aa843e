import { Client, Metadata } from '@grpc/grpc-js';
import type {
  CallOptions,
  ChannelCredentials,
  ChannelOptions,
  ClientDuplexStream,
  ClientReadableStream,
  ClientWritableStream,
  ServiceError,
} from '@grpc/grpc-js';

import { DsageError, TimeoutError } from '../model/errors.js';
import { fromServiceError } from '../wire/errors.js';
import { ClientServiceService } from '../wire/gen/dsage/v1/client.js';
import type {
  GetBlobRequest,
  GetBlobResponse,
  PutBlobRequest,
  PutBlobResponse,
  ReadOutputRequest,
  ReadOutputResponse,
  ReadTasksRequest,
  ReadTasksResponse,
  SessionRequest,
  SessionResponse,
} from '../wire/gen/dsage/v1/client.js';
import { ServerServiceService } from '../wire/gen/dsage/v1/server.js';

const METHODS = { ...ClientServiceService, ...ServerServiceService };

type Methods = typeof METHODS;
type UnaryName = {
  [N in keyof Methods]: Methods[N] extends { requestStream: false; responseStream: false } ? N : never;
}[keyof Methods];
type RequestOf<N extends UnaryName> = Parameters<Methods[N]['requestSerialize']>[0];
type ResponseOf<N extends UnaryName> = ReturnType<Methods[N]['responseDeserialize']>;

/** How long one call may take, reconnecting included. */
const CALL_DEADLINE_MS = 15_000;
const RETRY_MS = 200;

/** Calls that must not be made twice when the connection broke and nobody knows whether they arrived. */
const ONCE = new Set<UnaryName>(['rerunJobs', 'addUser', 'removeUser', 'stopServer']);

export interface RpcOptions {
  /** `host:port`. */
  readonly server: string;
  readonly credentials: ChannelCredentials;
  readonly channelOptions: ChannelOptions;
}

/** The generated services as promises and streams, over one channel. Errors are `DsageError`s. */
export class Rpc {
  readonly server: string;
  readonly #client: Client;

  constructor({ server, credentials, channelOptions }: RpcOptions) {
    this.server = server;
    this.#client = new Client(server, credentials, channelOptions);
  }

  /**
   * One call. While the server is away it waits for it, up to the deadline, and a call that is harmless to
   * repeat is repeated when the connection breaks under it.
   */
  async call<N extends UnaryName>(
    name: N,
    request: RequestOf<N>,
    deadlineMs = CALL_DEADLINE_MS,
  ): Promise<ResponseOf<N>> {
    const deadline = Date.now() + deadlineMs;
    while (true) {
      try {
        return await this.#unary(name, request, deadline);
      } catch (error) {
        const isLost = error instanceof DsageError && error.code === 'unavailable';
        if (!isLost || ONCE.has(name) || Date.now() + RETRY_MS >= deadline) {
          throw this.#explain(error, name, deadlineMs);
        }
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  session(): ClientDuplexStream<SessionRequest, SessionResponse> {
    const { path, requestSerialize, responseDeserialize } = METHODS.session;
    return this.#client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
  }

  readOutput(request: ReadOutputRequest): ClientReadableStream<ReadOutputResponse> {
    const { path, requestSerialize, responseDeserialize } = METHODS.readOutput;
    return this.#client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request);
  }

  readTasks(request: ReadTasksRequest): ClientReadableStream<ReadTasksResponse> {
    const { path, requestSerialize, responseDeserialize } = METHODS.readTasks;
    return this.#client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request);
  }

  getBlob(request: GetBlobRequest): ClientReadableStream<GetBlobResponse> {
    const { path, requestSerialize, responseDeserialize } = METHODS.getBlob;
    return this.#client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request);
  }

  putBlob(
    callback: (error: ServiceError | null, response?: PutBlobResponse) => void,
  ): ClientWritableStream<PutBlobRequest> {
    const { path, requestSerialize, responseDeserialize } = METHODS.putBlob;
    return this.#client.makeClientStreamRequest(path, requestSerialize, responseDeserialize, callback);
  }

  /** What a failed call or stream says, as an error of ours. */
  explain(error: unknown): DsageError {
    return error instanceof DsageError ? error : fromServiceError(error, this.server);
  }

  /** Ends the channel and all calls on it. Idempotent. */
  close(): void {
    this.#client.close();
  }

  #unary<N extends UnaryName>(name: N, request: RequestOf<N>, deadline: number): Promise<ResponseOf<N>> {
    // Which method it is and what it takes are tied by N; the compiler cannot follow that through a lookup.
    const method = METHODS[name] as unknown as {
      readonly path: string;
      readonly requestSerialize: (value: RequestOf<N>) => Buffer;
      readonly responseDeserialize: (value: Buffer) => ResponseOf<N>;
    };
    const options: CallOptions = { deadline };
    const metadata = new Metadata({ waitForReady: true });
    return new Promise((resolve, reject) => {
      const done = (error: ServiceError | null, response?: ResponseOf<N>): void => {
        if (error !== null) reject(this.explain(error));
        else resolve(response as ResponseOf<N>);
      };
      const { path, requestSerialize, responseDeserialize } = method;
      this.#client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        metadata,
        options,
        done,
      );
    });
  }

  #explain(error: unknown, name: string, deadlineMs: number): unknown {
    if (!(error instanceof DsageError) || error.code !== 'timeout') return error;
    return new TimeoutError(
      `The dsage server at ${this.server} did not answer ${name} within ${deadlineMs / 1000} s.`,
      { hint: 'Look at the server: it may be stopped, overloaded or cut off.', cause: error },
    );
  }
}
