import { DsageError } from '../model/errors.js';
import { DEFAULT_PRIORITY, HIGHEST_PRIORITY, LOWEST_PRIORITY } from '../model/job.js';
import type { Limits } from '../wire/gen/dsage/v1/types.js';
import type { Files } from './files.js';
import type { JobReference } from './job-reference.js';

/** What every job may be told. */
export interface JobOptions {
  /** Shown in tables; at most 200 characters. */
  readonly name?: string;
  /** Wall time of one attempt, milliseconds; unlimited unless given. */
  readonly timeoutMs?: number;
  /** Resident memory of one attempt, MiB; the worker's own limit unless given. */
  readonly memoryMb?: number;
  /** How many attempts may fail before a task ends `failed`, at least 1; 3 unless given. */
  readonly maxAttempts?: number;
  /** Output that is kept of one attempt, bytes; 1 MiB unless given. */
  readonly maxOutputBytes?: number;
  /** 1 is highest, 5 lowest; 3 unless given. */
  readonly priority?: number;
  /** A worker must carry all of these. */
  readonly labels?: readonly string[];
  /** What one task takes of a worker's resources, such as `{ gpu: 1 }`. */
  readonly resources?: Readonly<Record<string, number>>;
  /** How long the job is kept after it ended, milliseconds; until it is forgotten by hand unless given. */
  readonly ttlMs?: number;
  /** Jobs that must be completed before a task of this one runs; when one of them fails, so does this one. */
  readonly after?: readonly JobReference[];
  /** Files put into the task's own folder before it runs: by name, or a list of paths. */
  readonly files?: Files;
}

export interface EvalOptions extends JobOptions {
  /** Values that the code finds under these names. */
  readonly vars?: Readonly<Record<string, unknown>>;
  /** What the code is run with; `javascript` unless given. */
  readonly evaluator?: string;
}

export interface FunctionOptions extends JobOptions {
  /** What the function uses from outside: values that can travel, and functions. */
  readonly scope?: Readonly<Record<string, unknown>>;
}

export interface MapOptions extends FunctionOptions {
  /** How many tasks may fail before the rest of the job is stopped; all may unless given. */
  readonly maxFailedTasks?: number;
}

/** The part of a job's specification that comes from its options. */
export interface CheckedOptions {
  readonly name: string;
  readonly priority: number;
  readonly limits: Limits;
  readonly labels: string[];
  readonly resources: Record<string, number>;
  readonly ttlMs: number;
}

const MAX_NAME_LENGTH = 200;
const COMMON = [
  ...['name', 'timeoutMs', 'memoryMb', 'maxAttempts', 'maxOutputBytes', 'priority', 'labels', 'resources'],
  ...['ttlMs', 'after', 'files'],
];

/**
 * Checks the options of a job. Throws `invalid-argument`, naming the option, what it was and what it may be.
 *
 * @param extra names that this kind of job takes beside the common ones
 */
export function checkOptions(options: MapOptions, extra: readonly string[]): CheckedOptions {
  const unknown = Object.keys(options).find((key) => !COMMON.includes(key) && !extra.includes(key));
  if (unknown !== undefined) {
    throw new DsageError('invalid-argument', `There is no option ${unknown} here.`, {
      hint: `Options are ${[...COMMON, ...extra].join(', ')}.`,
    });
  }
  return {
    name: nameOf(options.name),
    priority: whole('priority', options.priority, [HIGHEST_PRIORITY, LOWEST_PRIORITY]) ?? DEFAULT_PRIORITY,
    limits: {
      timeMs: whole('timeoutMs', options.timeoutMs, [1, Number.MAX_SAFE_INTEGER]) ?? 0,
      memoryMb: whole('memoryMb', options.memoryMb, [1, 2 ** 32 - 1]) ?? 0,
      maxAttempts: whole('maxAttempts', options.maxAttempts, [1, 1000]) ?? 0,
      outputBytes: whole('maxOutputBytes', options.maxOutputBytes, [1, Number.MAX_SAFE_INTEGER]) ?? 0,
      maxFailedTasks: whole('maxFailedTasks', options.maxFailedTasks, [1, 2 ** 32 - 1]) ?? 0,
    },
    labels: labelsOf(options.labels ?? []),
    resources: resourcesOf(options.resources ?? {}),
    ttlMs: whole('ttlMs', options.ttlMs, [1, Number.MAX_SAFE_INTEGER]) ?? 0,
  };
}

/** A whole number between two limits, inclusive, or undefined. Throws `invalid-argument`. */
export function whole(
  name: string,
  value: number | undefined,
  range: readonly [number, number],
): number | undefined {
  if (value === undefined) return undefined;
  const [low, high] = range;
  if (Number.isSafeInteger(value) && value >= low && value <= high) return value;
  const allowed = high >= Number.MAX_SAFE_INTEGER ? `from ${low} on` : `from ${low} to ${high}`;
  throw new DsageError('invalid-argument', `${name} is ${shown(value)}.`, {
    hint: `It must be a whole number ${allowed}.`,
  });
}

function nameOf(name: unknown = ''): string {
  if (typeof name === 'string' && name.length <= MAX_NAME_LENGTH) return name;
  const found = typeof name === 'string' ? `has ${name.length} characters` : `is ${shown(name)}`;
  throw new DsageError('invalid-argument', `The name of the job ${found}.`, {
    hint: `It must be a string of at most ${MAX_NAME_LENGTH} characters.`,
  });
}

function labelsOf(labels: unknown): string[] {
  if (Array.isArray(labels) && labels.every((label) => typeof label === 'string' && label !== '')) {
    return labels as string[];
  }
  throw new DsageError('invalid-argument', `labels is ${shown(labels)}.`, {
    hint: "It must be an array of strings, such as ['gpu'].",
  });
}

function resourcesOf(resources: unknown): Record<string, number> {
  if (typeof resources !== 'object' || resources === null || Array.isArray(resources)) {
    throw new DsageError('invalid-argument', `resources is ${shown(resources)}.`, {
      hint: 'It must be an object of amounts, such as { gpu: 1 }.',
    });
  }
  for (const [name, amount] of Object.entries(resources)) {
    if (typeof amount === 'number' && Number.isFinite(amount) && amount > 0) continue;
    throw new DsageError('invalid-argument', `The resource ${name} is ${shown(amount)}.`, {
      hint: 'It must be a number above 0, such as { gpu: 1 }.',
    });
  }
  return { ...resources };
}

function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  return typeof value === 'object' && value !== null ? `a value of type ${typeof value}` : String(value);
}
