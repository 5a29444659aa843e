import { InvalidArgumentError } from 'commander';

import { messageOf } from '../model/errors.js';
import { HIGHEST_PRIORITY, LOWEST_PRIORITY } from '../model/job.js';
import { parseDuration } from './format/time.js';

/** Readers of the values on the command line; commander says which option it was. */

export function count(text: string, least: unknown = 1): number {
  const value = Number(text);
  // Commander passes the value before as the second argument; only our own calls name a least one.
  const from = least === 0 ? 0 : 1;
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= from) return value;
  throw new InvalidArgumentError(`It must be a whole number from ${String(from)} on.`);
}

export function port(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= 65_535) return value;
  throw new InvalidArgumentError('A port is a whole number from 0 to 65535.');
}

export function priority(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= HIGHEST_PRIORITY && value <= LOWEST_PRIORITY) return value;
  throw new InvalidArgumentError('It must be 1 (highest) to 5.');
}

export function durationMs(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined) return ms;
  throw new InvalidArgumentError('It must look like 90s, 5m, 1.5h or 250ms.');
}

export function jsonObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InvalidArgumentError(`It is no JSON: ${messageOf(error)}.`);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new InvalidArgumentError('It must be a JSON object, such as {"n": 5}.');
}

export function label(text: string, before: readonly string[]): string[] {
  return [...before, text];
}

export function keyValue(text: string, before: Readonly<Record<string, number>>): Record<string, number> {
  const [, name, amount] = /^([^=]+)=(\d+(?:\.\d+)?)$/.exec(text) ?? [];
  if (name === undefined) throw new InvalidArgumentError('It must look like gpu=1.');
  return { ...before, [name]: Number(amount) };
}
