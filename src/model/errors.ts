/** The one error class of dsage, with stable codes. Docs and tests name errors by their code. */

export const ERROR_CODES = [
  /** An argument is not of the form that is asked for. */
  'invalid-argument',
  /** A JavaScript code string does not parse; the message names line and column. */
  'syntax-error',
  /** A value, function or class cannot travel; the message names the path or the variable. */
  'not-shippable',
  /** No job, task, worker or user of that name or number. */
  'not-found',
  /** The caller has no valid certificate, or it has been disabled. */
  'unauthenticated',
  /** The caller is known, and may not do this. */
  'permission-denied',
  /** Another coordinator runs the job now; this one may only look on. */
  'taken-over',
  /** The job or its server is not in a state that allows this. */
  'failed-precondition',
  /** There is already one of that name. */
  'already-exists',
  /** A limit is reached; the message names the field, the size and the limit. */
  'limit-exceeded',
  /** The server's queue of waiting work is full. */
  'queue-full',
  /** No server answers at that address. */
  'unavailable',
  /** The server's certificate is not of this cluster. */
  'wrong-cluster',
  /** The two sides speak different protocols; the message names both versions. */
  'version-mismatch',
  /** Waiting took longer than it was allowed to. */
  'timeout',
  /** The task failed: what it threw is the cause. */
  'task-failed',
  /** The job or task was killed; the message has the reason. */
  'killed',
  /** The connection or the server was closed by its owner. */
  'closed',
  /** A port is in use, a directory is not writable, a key file is damaged, a database is of a newer version. */
  'setup',
  /** The store could not keep a write. */
  'store',
  /** A fault in dsage itself: worth a report. */
  'internal',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

export interface DsageErrorOptions {
  /** What to do next, in one sentence; shown after the message. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/** Thrown for everything that goes wrong in dsage. `code` is stable; the message says what happened and to what. */
export class DsageError extends Error {
  override readonly name: string = 'DsageError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: DsageErrorOptions = {}) {
    super(
      options.hint === undefined ? message : `${message} ${options.hint}`,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.code = code;
    this.hint = options.hint;
  }
}

/** Thrown when `wait({ timeoutMs })` runs out; the work goes on. */
export class TimeoutError extends DsageError {
  override readonly name = 'TimeoutError';

  constructor(message: string, options: DsageErrorOptions = {}) {
    super('timeout', message, options);
  }
}

/** Thrown by `wait()` when the task failed; `cause` is the error that the task threw, rebuilt here. */
export class TaskFailedError extends DsageError {
  override readonly name = 'TaskFailedError';

  constructor(message: string, options: DsageErrorOptions = {}) {
    super('task-failed', message, options);
  }
}

/** Thrown by `wait()` when the job was killed. */
export class KilledError extends DsageError {
  override readonly name = 'KilledError';

  constructor(message: string, options: DsageErrorOptions = {}) {
    super('killed', message, options);
  }
}

export function isErrorCode(text: string): text is ErrorCode {
  return (ERROR_CODES as readonly string[]).includes(text);
}

/** Anything that was thrown as a DsageError: what is none is a fault of ours, `internal`. */
export function asDsageError(thrown: unknown): DsageError {
  return thrown instanceof DsageError
    ? thrown
    : new DsageError('internal', messageOf(thrown), { cause: thrown });
}

/** A reason as a sentence, to be put at the end of a message. */
export function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

const MOST_CAUSES = 5;

/** An error, what caused it, and so on: those of them that are errors, and not without end. */
export function chainOf(error: unknown): readonly Error[] {
  const chain: Error[] = [];
  for (
    let it = error;
    it instanceof Error && !chain.includes(it) && chain.length <= MOST_CAUSES;
    it = it.cause
  )
    chain.push(it);
  return chain;
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
