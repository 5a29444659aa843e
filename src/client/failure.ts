import { DsageError, KilledError, sentence, TaskFailedError } from '../model/errors.js';
import type { Answer, Failure } from '../model/task.js';
import { decodeValue } from '../wire/codec.js';
import { readPayload } from '../wire/payload.js';

/** The value that a payload carries inline. Throws `internal` for a blob: those are fetched before. */
export function valueOf(payload: Uint8Array): unknown {
  const content = readPayload(payload);
  if (content.type === 'none') return undefined;
  if (content.type === 'inline') return decodeValue(content.bytes);
  throw new DsageError('internal', 'An answer was read before its blob had been fetched.');
}

/** The Failure of an answer that failed or was killed. */
export function failureOf(answer: Answer): Failure {
  return readFailure(answer.payload);
}

export function readFailure(payload: Uint8Array): Failure {
  return valueOf(payload) as Failure;
}

/**
 * What `wait()` rejects with for a task that did not complete.
 *
 * @param what such as `Job 12` or `Task 3 of job 12`
 * @param failures of every attempt that is known, oldest first; the last one decided
 */
export function taskError(what: string, answer: Answer, failures: readonly Failure[]): DsageError {
  const last = failures.at(-1) ?? failureOf(answer);
  if (answer.outcome === 'killed') return new KilledError(`${what} was killed: ${sentence(last.message)}`);
  const lines =
    failures.length > 1
      ? failures
          .map((failure) => `\n  attempt ${failure.attempt}${placeOf(failure)}: ${failure.message}`)
          .join('')
      : ` ${sentence(last.message)}`;
  const attempts = failures.length > 1 ? ` after ${failures.length} attempts` : placeOf(last);
  return new TaskFailedError(`${what} failed${attempts}:${lines}${detailsOf(last)}`, {
    cause: last.error ?? new DsageError('task-failed', last.message),
  });
}

/** A job that ended as a whole with a reason of its own. */
export function jobError(what: string, status: 'failed' | 'killed', reason: string): DsageError {
  const text = `${what} ${status === 'killed' ? 'was killed' : 'failed'}`;
  const message = reason === '' ? `${text}.` : `${text}: ${sentence(reason)}`;
  return status === 'killed' ? new KilledError(message) : new TaskFailedError(message);
}

function placeOf({ workerName, host }: Failure): string {
  if (workerName === '') return '';
  return host === '' || host === workerName ? ` on ${workerName}` : ` on ${workerName} (${host})`;
}

function detailsOf({ lastOutput, directory }: Failure): string {
  const output = lastOutput?.trimEnd() ?? '';
  return [
    output === '' ? '' : `\nLast output:\n${output.replace(/^/gm, '  | ')}`,
    directory === undefined ? '' : `\nIts files were kept in ${directory}.`,
  ].join('');
}
