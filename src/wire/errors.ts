import { Metadata, status as Status } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';

import {
  asDsageError,
  DsageError,
  isErrorCode,
  KilledError,
  messageOf,
  TaskFailedError,
  TimeoutError,
} from '../model/errors.js';
import type { DsageErrorOptions, ErrorCode } from '../model/errors.js';
import type { Problem } from './gen/dsage/v1/types.js';

/**
 * The one place where DsageErrors become gRPC statuses and come back. The code travels in the metadata
 * under `dsage-code` and the hint under `dsage-hint`, percent-encoded.
 */
const CODE_KEY = 'dsage-code';
const HINT_KEY = 'dsage-hint';
/** Metadata is limited to some kilobytes for a whole call. */
const MAX_TEXT = 2000;

const STATUS_OF_CODE: Readonly<Record<ErrorCode, Status>> = {
  'invalid-argument': Status.INVALID_ARGUMENT,
  'syntax-error': Status.INVALID_ARGUMENT,
  'not-shippable': Status.INVALID_ARGUMENT,
  'not-found': Status.NOT_FOUND,
  unauthenticated: Status.UNAUTHENTICATED,
  'permission-denied': Status.PERMISSION_DENIED,
  'failed-precondition': Status.FAILED_PRECONDITION,
  'taken-over': Status.FAILED_PRECONDITION,
  'already-exists': Status.ALREADY_EXISTS,
  'limit-exceeded': Status.RESOURCE_EXHAUSTED,
  'queue-full': Status.RESOURCE_EXHAUSTED,
  unavailable: Status.UNAVAILABLE,
  'wrong-cluster': Status.FAILED_PRECONDITION,
  'version-mismatch': Status.FAILED_PRECONDITION,
  timeout: Status.DEADLINE_EXCEEDED,
  'task-failed': Status.ABORTED,
  killed: Status.ABORTED,
  closed: Status.UNAVAILABLE,
  setup: Status.INTERNAL,
  store: Status.INTERNAL,
  internal: Status.INTERNAL,
};

/** What a handler passes to its callback, or emits on its stream, when it fails with `error`. */
export function toServiceError(error: unknown): ServiceError {
  const known = asDsageError(error);
  const metadata = new Metadata();
  metadata.set(CODE_KEY, known.code);
  if (known.hint !== undefined) metadata.set(HINT_KEY, encodeURIComponent(cut(known.hint)));
  const details = cut(known.message);
  return Object.assign(new Error(details), { code: STATUS_OF_CODE[known.code], details, metadata });
}

/**
 * What a call that failed means to its caller.
 *
 * @param address where the server was looked for, `host:port`
 */
export function fromServiceError(error: unknown, address: string): DsageError {
  if (error instanceof DsageError) return error;
  if (!isServiceError(error)) return new DsageError('internal', messageOf(error), { cause: error });
  const code = textOf(error.metadata, CODE_KEY);
  if (code !== undefined && isErrorCode(code)) {
    const hint = decodeHint(textOf(error.metadata, HINT_KEY));
    return rebuild(code, error.details, { cause: error, ...(hint === undefined ? {} : { hint }) });
  }
  return fromStatus(error, address);
}

/** A DsageError inside a stream or a batch. */
export function toProblem(error: unknown): Problem {
  const known = asDsageError(error);
  return { code: known.code, message: cut(known.message), hint: known.hint ?? '' };
}

export function fromProblem(problem: Problem | undefined): DsageError {
  const { code = 'internal', message = 'The server gave no reason.', hint = '' } = problem ?? {};
  return rebuild(isErrorCode(code) ? code : 'internal', message, hint === '' ? {} : { hint });
}

/** Statuses that grpc-js, or a server that is not dsage's, made up itself. */
function fromStatus(error: ServiceError, address: string): DsageError {
  const { code, details } = error;
  const cause = error;
  switch (code) {
    case Status.UNAVAILABLE:
      return fromConnectionFailure(error, address);
    case Status.DEADLINE_EXCEEDED:
      return new TimeoutError(`The dsage server at ${address} did not answer in time.`, { cause });
    case Status.UNAUTHENTICATED:
      return new DsageError('unauthenticated', `The server at ${address} refused the caller: ${details}.`, {
        cause,
      });
    case Status.PERMISSION_DENIED:
      return new DsageError('permission-denied', details, { cause });
    case Status.RESOURCE_EXHAUSTED:
      return new DsageError('limit-exceeded', `A message is too large: ${details}.`, { cause });
    case Status.UNIMPLEMENTED:
      return new DsageError(
        'version-mismatch',
        `The server at ${address} does not know this call: ${details}.`,
        {
          hint: 'Install the same version of dsage on both sides.',
          cause,
        },
      );
    case Status.CANCELLED:
      return new DsageError('closed', `The call to ${address} was cancelled.`, { cause });
    default:
      return new DsageError('internal', `The call to ${address} failed (status ${code}): ${details}`, {
        cause,
      });
  }
}

const UNTRUSTED =
  /self[- ]signed certificate|unable to (verify|get)|certificate signature|issuer certificate|unsuitable certificate purpose|not a dsage server/i;
const REFUSED_BY_SERVER =
  /alert (bad certificate|unknown ca|certificate (required|expired|revoked|unknown))/i;

function fromConnectionFailure(error: ServiceError, address: string): DsageError {
  const { details } = error;
  if (UNTRUSTED.test(details)) {
    return new DsageError(
      'wrong-cluster',
      `The server at ${address} shows a certificate of another cluster.`,
      {
        hint: 'Check the address, or copy pubcert.pem and the key pair from the cluster that you mean.',
        cause: error,
      },
    );
  }
  if (/certificate has expired|certificate is not yet valid/i.test(details)) {
    return new DsageError(
      'wrong-cluster',
      `The certificate of the server at ${address} is not valid today.`,
      {
        hint: "Restart the server, which renews it, or set the machines' clocks right.",
        cause: error,
      },
    );
  }
  if (REFUSED_BY_SERVER.test(details)) {
    return new DsageError('unauthenticated', `The server at ${address} refused this user's certificate.`, {
      hint: 'Ask an admin of that cluster for one: `dsage user add`.',
      cause: error,
    });
  }
  if (/wrong version number|packet length too long|protocol error/i.test(details)) {
    return new DsageError(
      'unavailable',
      `What answers at ${address} is no dsage server: it does not speak TLS.`,
      {
        hint: 'Check the port.',
        cause: error,
      },
    );
  }
  return new DsageError('unavailable', `No dsage server answers at ${address} (${reasonIn(details)}).`, {
    hint: 'Start one with `dsage up`, or check the address.',
    cause: error,
  });
}

/** The part of grpc-js's sentence that says something. */
function reasonIn(details: string): string {
  const last = /Last error: (?:Error(?: \[\w+\])?: )?(.*?)(?: \(\d{4}-[^)]*\))?\. Resolution note:/.exec(
    details,
  )?.[1];
  return last ?? details;
}

function rebuild(code: ErrorCode, text: string, options: DsageErrorOptions): DsageError {
  // The message that travels ends with the hint already.
  const tail = options.hint === undefined ? '' : ` ${options.hint}`;
  const message = tail !== '' && text.endsWith(tail) ? text.slice(0, -tail.length) : text;
  if (code === 'timeout') return new TimeoutError(message, options);
  if (code === 'task-failed') return new TaskFailedError(message, options);
  if (code === 'killed') return new KilledError(message, options);
  return new DsageError(code, message, options);
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'details' in error && typeof (error as ServiceError).code === 'number';
}

function textOf(metadata: Metadata | undefined, key: string): string | undefined {
  const value = metadata?.get(key)[0];
  return typeof value === 'string' ? value : undefined;
}

function decodeHint(encoded: string | undefined): string | undefined {
  try {
    return encoded === undefined ? undefined : decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
}

/** Short enough for metadata, and without lone surrogates, which no encoding of it takes. */
function cut(text: string): string {
  const short = text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}…`;
  return Buffer.from(short, 'utf8').toString('utf8');
}
