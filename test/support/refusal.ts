import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect } from 'chai';

import { DsageError, type ErrorCode } from '#dsage/model/errors.js';

/** What a refusal must say. */
export interface Expected {
  readonly code: ErrorCode;
  /** Names the culprit. */
  readonly says: RegExp;
  /** What to do next. */
  readonly hint: RegExp;
}

/** Makes the attempt, which must fail as a DsageError with this code, message and hint; returns it. */
export async function refused(attempt: () => unknown, { code, says, hint }: Expected): Promise<DsageError> {
  const error = await failureOf(attempt);
  expect(error, String(error)).to.be.instanceOf(DsageError);
  const told = error as DsageError;
  expect(told.code, told.message).to.equal(code);
  expect(told.message).to.match(says);
  expect(told.message).to.not.match(/undefined|\[object|\n\s+at |\.\.(\s|$)/);
  expect(told.hint ?? '', `the hint of: ${told.message}`).to.match(hint);
  expect(told.message.endsWith(told.hint ?? ''), `the message ends with its hint: ${told.message}`).to.equal(
    true,
  );
  return told;
}

/** What an attempt fails with; throws when it does not fail. */
export async function failureOf(attempt: () => unknown): Promise<unknown> {
  try {
    // A submission that is not refused at once is refused to whoever waits for it.
    const made = await attempt();
    const job = made as { wait?: (options: { timeoutMs: number }) => Promise<unknown> } | undefined;
    await job?.wait?.({ timeoutMs: 20_000 });
  } catch (error) {
    return error;
  }
  throw new Error('it was not refused');
}

/** Every file below a directory with its bytes, mode and time of change; what is named in `except` is left out. */
export function filesBelow(directory: string, except: readonly string[] = []): Record<string, string> {
  const files: Record<string, string> = {};
  const walk = (below: string): void => {
    for (const name of readdirSync(join(directory, below)).sort()) {
      const path = join(below, name);
      if (except.includes(path)) continue;
      const stat = lstatSync(join(directory, path));
      const about = `${stat.mode.toString(8)} ${String(stat.mtimeMs)}`;
      if (stat.isDirectory()) walk(path);
      else files[path] = `${about} ${readFileSync(join(directory, path)).toString('base64')}`;
    }
  };
  walk('');
  return files;
}
