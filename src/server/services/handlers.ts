import type * as grpc from '@grpc/grpc-js';

import type { Identity } from '../../model/user.js';
import { requireCaller } from '../../wire/caller.js';
import { toServiceError } from '../../wire/errors.js';
import type { Users } from '../users.js';

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
  users: Users,
  answer: (request: Request, caller: Identity, signal: AbortSignal) => AsyncIterable<Response>,
): grpc.handleServerStreamingCall<Request, Response> {
  return (call) => {
    const caller = requireCaller(call);
    const left = new AbortController();
    const stopListening = users.onRevoked(caller, (error) => {
      left.abort();
      call.emit('error', toServiceError(error));
    });
    call.on('cancelled', () => {
      left.abort();
    });
    void (async () => {
      try {
        for await (const response of answer(call.request, caller, left.signal)) {
          if (left.signal.aborted) return;
          if (!call.write(response)) await drained(call, left.signal);
        }
        call.end();
      } catch (error) {
        if (!left.signal.aborted) call.emit('error', toServiceError(error));
      } finally {
        stopListening();
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

/** One caller's side of a stream that goes both ways. */
export interface Conversation<Request> {
  /** What it throws ends the stream with that error. */
  take(request: Request): void;
  /** Called once, when the stream has ended, whoever ended it. */
  leave(): void;
}

/** A handler of a stream that goes both ways; it ends when its caller is disabled. */
export function duplexStream<Request, Response>(
  users: Users,
  begin: (call: grpc.ServerDuplexStream<Request, Response>, caller: Identity) => Conversation<Request>,
): grpc.handleBidiStreamingCall<Request, Response> {
  return (call) => {
    const caller = requireCaller(call);
    const conversation = begin(call, caller);
    let isOver = false;
    const leave = () => {
      if (isOver) return;
      isOver = true;
      stopListening();
      conversation.leave();
    };
    const fail = (error: unknown) => {
      if (isOver) return;
      leave();
      call.emit('error', toServiceError(error));
    };
    const stopListening = users.onRevoked(caller, fail);
    call.on('data', (request: Request) => {
      // What was on its way when the stream ended says nothing any more.
      if (isOver) return;
      try {
        conversation.take(request);
      } catch (error) {
        fail(error);
      }
    });
    call.on('end', () => {
      leave();
      call.end();
    });
    call.on('cancelled', leave);
    call.on('error', leave);
  };
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
