import { readFileSync } from 'node:fs';
import { text as textOf } from 'node:stream/consumers';

import { DsageError, messageOf } from '../../model/errors.js';
import { findJsonFault } from './json-fault.js';

const HINT = `Write it in single quotes, such as '{"limit": 3000}'; - reads it from stdin, @data.json from a file.`;

/** The parameters that a job is made with: JSON, or where it is. `{}` where nothing is given. */
export async function readParameters(given: string | undefined, stdin: NodeJS.ReadStream): Promise<unknown> {
  if (given === undefined) return {};
  if (given === '-') return parseParameters(await textOf(stdin), 'The parameters on stdin');
  if (!given.startsWith('@')) return parseParameters(given, 'The parameters');
  const file = given.slice(1);
  let text;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new DsageError(
      'invalid-argument',
      `The parameters in ${file} cannot be read: ${messageOf(error)}.`,
      {
        hint: HINT,
      },
    );
  }
  return parseParameters(text, `The parameters in ${file}`);
}

/**
 * Plain JSON: strings stay strings. A whole number that a double cannot hold is refused, where JSON.parse would
 * silently give another one.
 *
 * @param what at the start of messages: `The parameters`
 */
export function parseParameters(text: string, what: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw notJson(text, what);
  }
  for (const { 0: token, index } of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*/g)) {
    if (!/^-?\d+$/.test(token) || Number.isSafeInteger(Number(token))) continue;
    throw new DsageError(
      'invalid-argument',
      `${what} have a number that JSON cannot carry exactly: ${position(text, index)}: ${token}.`,
      { hint: `Write it as a string, "${token}", and let the class make a BigInt of it.` },
    );
  }
  return value;
}

function notJson(text: string, what: string): DsageError {
  const { offset, expected } = findJsonFault(text);
  const [found] = text.slice(offset);
  const there = found === undefined ? 'the text ends there' : `there is ${JSON.stringify(found)}`;
  return new DsageError(
    'invalid-argument',
    `${what} are no JSON: ${position(text, offset)}: ${expected} is missing, ${there}.`,
    { hint: HINT },
  );
}

function position(text: string, offset: number): string {
  const before = text.slice(0, offset).split('\n');
  return `line ${String(before.length)}, column ${String((before.at(-1)?.length ?? 0) + 1)}`;
}
