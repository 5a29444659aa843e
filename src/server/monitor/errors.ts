import type { Context, Next } from 'koa';

import type { Logger } from '../../log/log.js';
import { asDsageError, DsageError, type ErrorCode, messageOf } from '../../model/errors.js';
import type { ErrorBody } from '../../model/monitor.js';

const STATUSES: Partial<Record<ErrorCode, number>> = {
  'invalid-argument': 400,
  unauthenticated: 401,
  'permission-denied': 403,
  'not-found': 404,
  'failed-precondition': 409,
  'already-exists': 409,
  'limit-exceeded': 413,
  'queue-full': 429,
  unavailable: 503,
};

/** The one place where what handlers throw becomes an answer. */
export function errorAnswers(log: Logger) {
  return async (context: Context, next: Next): Promise<void> => {
    try {
      await next();
    } catch (thrown) {
      const error = fromHttp(thrown) ?? asDsageError(thrown);
      answerError(context, error);
      if (context.status < 500 || error.code === 'unavailable') return;
      log.error('a web request failed', { path: context.path, error: error.cause ?? error });
    }
  };
}

export function answerError(context: Context, error: DsageError, status = STATUSES[error.code] ?? 500): void {
  const { code, hint = '' } = error;
  // The message ends with the hint, which is a field of its own here.
  const message = hint === '' ? error.message : error.message.slice(0, -hint.length).trimEnd();
  context.status = status;
  context.body = { error: { code, message, hint } } satisfies ErrorBody;
}

/** What Koa and its middleware throw about a request that is wrong, such as a path that cannot be decoded. */
function fromHttp(thrown: unknown): DsageError | undefined {
  const { status } = (thrown ?? {}) as { readonly status?: unknown };
  if (typeof status !== 'number' || status >= 500) return undefined;
  return new DsageError(status === 404 ? 'not-found' : 'invalid-argument', messageOf(thrown), {
    cause: thrown,
  });
}

/** A viewer that leaves in the middle of an answer is no failure of ours. */
export function isDeparture(error: unknown): boolean {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return (
    typeof code === 'string' &&
    ['ERR_STREAM_PREMATURE_CLOSE', 'ECONNRESET', 'EPIPE', 'ECANCELED', 'HPE_INVALID_EOF_STATE'].includes(code)
  );
}
