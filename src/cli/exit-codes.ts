import { DsageError, type ErrorCode } from '../model/errors.js';

/** What the exit code of `dsage` means; `--help` and the README say the same. */
export const EXIT = {
  ok: 0,
  /** The job failed or was killed, or something went wrong that has no code of its own. */
  failed: 1,
  usage: 2,
  /** No server answers, or it is one of another cluster or version. */
  connection: 3,
  permission: 4,
  notFound: 5,
  timeout: 124,
  interrupted: 130,
} as const;

export const EXIT_CODES_HELP = `Exit codes:
  0    done
  1    the job failed or was killed, or dsage could not do what was asked
  2    wrong usage: an option, a value or the code itself
  3    no server answers, or it is one of another cluster or version
  4    not permitted
  5    there is no such job, task, worker or user
  124  waiting took longer than --timeout
  130  interrupted by Ctrl-C`;

const EXIT_OF_CODE: Partial<Record<ErrorCode, number>> = {
  'invalid-argument': EXIT.usage,
  'syntax-error': EXIT.usage,
  'not-shippable': EXIT.usage,
  unavailable: EXIT.connection,
  'wrong-cluster': EXIT.connection,
  'version-mismatch': EXIT.connection,
  closed: EXIT.connection,
  unauthenticated: EXIT.permission,
  'permission-denied': EXIT.permission,
  'not-found': EXIT.notFound,
  timeout: EXIT.timeout,
};

export function exitCodeOf(error: unknown): number {
  return error instanceof DsageError ? (EXIT_OF_CODE[error.code] ?? EXIT.failed) : EXIT.failed;
}

/** The two parts of an error that people read: what happened, and what to do. */
export function linesOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (!(error instanceof DsageError) || error.hint === undefined) return error.message;
  const message = error.message.endsWith(error.hint)
    ? error.message.slice(0, -error.hint.length).trimEnd()
    : error.message;
  return `${message}\n  ${error.hint}`;
}
