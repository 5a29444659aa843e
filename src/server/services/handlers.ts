import type * as grpc from '@grpc/grpc-js';

import type { Identity } from '../../model/user.js';
import { requireCaller } from '../../wire/caller.js';
import { toServiceError } from '../../wire/errors.js';

/** A unary handler from an async function: what it throws becomes a status with our code. */
export function unary<Request, Response>(
  answer: (request: Request, caller: Identity) => Response | Promise<Response>,
): grpc.handleUnaryCall<Request, Response> {
  return (call, callback) => {
    void (async () => {
      try {
        callback(null, await answer(call.request, requireCaller(call)));
      } catch (error) {
        callback(toServiceError(error));
      }
    })();
  };
}

/** A server-streaming handler from an async generator; stops when the caller leaves, waits when it reads slowly. */
export function serverStream<Request, Response>(
  answer: (request: Request, caller: Identity, signal: AbortSignal) => AsyncIterable<Response>,
): grpc.handleServerStreamingCall<Request, Response> {
  return (call) => {
    const left = new AbortController();
    call.on('cancelled', () => {
      left.abort();
    });
    void (async () => {
      try {
        for await (const response of answer(call.request, requireCaller(call), left.signal)) {
          if (left.signal.aborted) return;
          if (!call.write(response)) await drained(call, left.signal);
        }
        call.end();
      } catch (error) {
        if (!left.signal.aborted) call.emit('error', toServiceError(error));
      }
    })();
  };
}

/** A client-streaming handler from an async function that reads the call. */
export function clientStream<Request, Response>(
  answer: (requests: AsyncIterable<Request>, caller: Identity) => Promise<Response>,
): grpc.handleClientStreamingCall<Request, Response> {
  return (call, callback) => {
    void (async () => {
      try {
        callback(null, await answer(call as AsyncIterable<Request>, requireCaller(call)));
      } catch (error) {
        callback(toServiceError(error));
      }
    })();
  };
}

/** Ends a stream with an error's status. */
export function endWith(call: { emit(event: 'error', error: unknown): boolean }, error: unknown): void {
  call.emit('error', toServiceError(error));
}

function drained(call: grpc.ServerWritableStream<unknown, unknown>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      call.removeListener('drain', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    call.once('drain', done);
    signal.addEventListener('abort', done);
  });
}
