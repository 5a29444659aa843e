import { bitsOf, digitsOf } from '../../code/prelude/arithmetic.js';
import type { Split } from './factorization.js';
import { curveMs, levelsUpTo, stageTwoBound } from './levels.js';
import type { Level } from './levels.js';

/** One task on a worker: a way to look for a divisor of one composite number. */
export type FactorTask =
  | { readonly method: 'rho'; readonly n: bigint; readonly maxSteps: number }
  | { readonly method: 'p-1'; readonly n: bigint; readonly b1: number; readonly b2: number }
  | {
      readonly method: 'ecm';
      readonly n: bigint;
      readonly b1: number;
      readonly b2: number;
      /** The number of its first curve, of which sigma is made, and how many there are. */
      readonly first: number;
      readonly curves: number;
    };

export interface Effort {
  /** No curves with a larger B1. */
  readonly maxB1?: number;
  /** No more curves than this for one composite number, those for what it was part of included. */
  readonly maxCurves?: number;
}

/** How far one composite number is. */
interface Progress {
  readonly n: bigint;
  readonly digits: number;
  readonly bits: number;
  hasRho: boolean;
  hasMinusOne: boolean;
  isMinusOneDone: boolean;
  /** Its place in the levels, and the curves of that level that were given out for it. */
  level: number;
  given: number;
  /** Curves of all levels. */
  total: number;
  /** Curves that found nothing, by their b1. */
  readonly answered: Map<number, number>;
}

/** Rho splits these in less than a second. */
const RHO_DIGITS = 20;
/** A larger number is only searched for factors of up to about 9 digits by it. */
const RHO_STEPS = 100_000;
const TASK_MS = 1_000;
/** A level has so many tasks at least: several workers share it, and its first factor stops the others early. */
const TASKS_A_LEVEL = 8;
const MINUS_ONE = { b1: 100_000, b2: 2_000_000 };

/**
 * Which tasks come next. Pure, and decided by the calls in their order alone: a coordinator that replays them comes to
 * the same tasks. Without a limit there is always a next one while a large composite is left: the last level goes on.
 */
export class Schedule {
  readonly #levels: readonly Level[];
  readonly #isEndless: boolean;
  readonly #maxCurves: number;
  readonly #waiting = new Map<bigint, Progress>();

  constructor({ maxB1, maxCurves = Infinity }: Effort) {
    this.#levels = levelsUpTo(maxB1);
    this.#isEndless = maxB1 === undefined;
    this.#maxCurves = maxCurves;
  }

  add(n: bigint): void {
    this.#add(n);
  }

  /** What was done for a number was done for its parts too; what was only given out is killed. */
  split({ before, composites }: Split): void {
    const old = this.#waiting.get(before);
    this.#waiting.delete(before);
    for (const n of composites) this.#add(n, old);
  }

  #add(n: bigint, old?: Progress): void {
    const answered = new Map(old?.answered);
    const doneOf = ({ b1 }: Level) => answered.get(b1) ?? 0;
    const unfinished = this.#levels.findIndex((level) => doneOf(level) < level.curves);
    const level = unfinished === -1 ? this.#levels.length - 1 : unfinished;
    const given = answered.get(this.#levels[level]?.b1 ?? 0) ?? 0;
    const total = [...answered.values()].reduce((sum, curves) => sum + curves, 0);
    const isMinusOneDone = old?.isMinusOneDone ?? false;
    this.#waiting.set(n, {
      ...{ n, digits: digitsOf(n), bits: bitsOf(n), level, given, total, answered },
      // Rho may have found the divisor that split the number, and may find more.
      ...{ hasRho: false, hasMinusOne: isMinusOneDone, isMinusOneDone },
    });
  }

  get hasNext(): boolean {
    return this.#pick() !== undefined;
  }

  next(): FactorTask | undefined {
    const progress = this.#pick();
    if (progress === undefined) return undefined;
    const { n } = progress;
    if (!progress.hasRho) {
      progress.hasRho = true;
      return { method: 'rho', n, maxSteps: isSmall(progress) ? Infinity : scaled(progress, RHO_STEPS) };
    }
    if (!progress.hasMinusOne) {
      progress.hasMinusOne = true;
      return { method: 'p-1', n, b1: scaled(progress, MINUS_ONE.b1), b2: scaled(progress, MINUS_ONE.b2) };
    }
    return this.#curves(progress);
  }

  /** A task has found nothing. */
  answered(task: FactorTask): void {
    const progress = this.#waiting.get(task.n);
    if (progress === undefined) return;
    if (task.method === 'p-1') progress.isMinusOneDone = true;
    if (task.method === 'ecm') {
      progress.answered.set(task.b1, (progress.answered.get(task.b1) ?? 0) + task.curves);
    }
  }

  /** One line for people. */
  get stage(): string {
    const progress = [...this.#waiting.values()].reduce<Progress | undefined>(earlier, undefined);
    if (progress === undefined) return 'trial division';
    const number = `a ${progress.digits}-digit number`;
    if (isSmall(progress)) return `rho on ${number}`;
    if (progress.total === 0) return progress.hasMinusOne ? `P-1 on ${number}` : `rho on ${number}`;
    const level = this.#levels.find(({ b1, curves }) => (progress.answered.get(b1) ?? 0) < curves);
    const { b1, curves } = level ?? this.#lastLevel;
    const done = progress.answered.get(b1) ?? 0;
    return `ECM B1=${b1.toLocaleString('en')}: ${done}/${curves} curves on ${number}`;
  }

  get #lastLevel(): Level {
    return this.#levels.at(-1) ?? { digits: 0, b1: 0, curves: 0 };
  }

  /** The number that least was done for, the smallest of these, of those for which more can be done. */
  #pick(): Progress | undefined {
    let best: Progress | undefined;
    for (const progress of this.#waiting.values()) {
      if (this.#canGoOn(progress)) best = earlier(best, progress);
    }
    return best;
  }

  #canGoOn(progress: Progress): boolean {
    if (!progress.hasRho) return true;
    if (isSmall(progress)) return false;
    if (!progress.hasMinusOne) return true;
    return progress.total < this.#maxCurves && this.#levelOf(progress) !== undefined;
  }

  #levelOf(progress: Progress): Level | undefined {
    const level = this.#levels[progress.level];
    if (level === undefined || progress.given < level.curves) return level;
    return this.#levels[progress.level + 1] ?? (this.#isEndless ? level : undefined);
  }

  #curves(progress: Progress): FactorTask | undefined {
    const level = this.#levelOf(progress);
    if (level === undefined) return undefined;
    if (level !== this.#levels[progress.level]) {
      progress.level += 1;
      progress.given = progress.answered.get(level.b1) ?? 0;
    }
    const { b1 } = level;
    const most = Math.min(Math.ceil(level.curves / TASKS_A_LEVEL), TASK_MS / curveMs(progress.bits, b1));
    const left = Math.min(this.#maxCurves - progress.total, Math.max(1, level.curves - progress.given));
    const curves = Math.min(left, Math.max(1, Math.floor(most)));
    const task = {
      method: 'ecm',
      n: progress.n,
      b1,
      b2: stageTwoBound(b1),
      first: progress.total,
      curves,
    } as const;
    progress.given += curves;
    progress.total += curves;
    return task;
  }
}

function isSmall({ digits }: Progress): boolean {
  return digits <= RHO_DIGITS;
}

/** Less of it for numbers so large that each step takes long. */
function scaled({ bits }: Progress, amount: number): number {
  return Math.max(1_000, Math.floor(amount / Math.max(1, bits / 500) ** 1.5));
}

function earlier(a: Progress | undefined, b: Progress): Progress {
  if (a === undefined) return b;
  if (stepOf(a) !== stepOf(b)) return stepOf(a) < stepOf(b) ? a : b;
  return a.n <= b.n ? a : b;
}

function stepOf({ hasRho, hasMinusOne, level, given }: Progress): number {
  if (!hasRho) return 0;
  return hasMinusOne ? 2 + level + given / 1e6 : 1;
}
