import { bitsOf, digitsOf } from '../../code/prelude/arithmetic.js';
import type { Split } from './factorization.js';
import { LANES } from './kernel/size.js';
import { curveMs, stageTwoBound } from './levels.js';
import type { Level } from './levels.js';
import { planFor } from './plan.js';
import type { Effort, Plan } from './plan.js';
import { Sieving } from './sieving.js';
import type { CurvesTask, FactorTask } from './tasks.js';

/** How far one composite number is. */
interface Progress {
  readonly n: bigint;
  readonly digits: number;
  readonly bits: number;
  readonly plan: Plan;
  hasWhole: boolean;
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
  sieving: Sieving | undefined;
}

/** A larger number is only searched for factors of up to about 9 digits by rho. */
const RHO_STEPS = 100_000;
const TASK_MS = 1_000;
/** Shorter tasks spend a good part of their time on the way. */
const LEAST_TASK_MS = 40;
/** A level has so many tasks at least: several workers share it, and its first factor stops the others early. */
const TASKS_A_LEVEL = 8;
const MINUS_ONE = { b1: 100_000, b2: 2_000_000 };

/**
 * Which tasks come next. Pure, and decided by the calls in their order alone: a coordinator that replays them comes to
 * the same tasks. A number is worked on by what its plan says, one after the other; those for which least was done
 * come first.
 */
export class Schedule {
  readonly #effort: Effort;
  readonly #maxCurves: number;
  readonly #waiting = new Map<bigint, Progress>();

  constructor(effort: Effort) {
    this.#effort = effort;
    this.#maxCurves = effort.maxCurves ?? Infinity;
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

  /** The sieve of a number, once it has begun. */
  sieving(n: bigint): Sieving | undefined {
    return this.#waiting.get(n)?.sieving;
  }

  #add(n: bigint, old?: Progress): void {
    const digits = digitsOf(n);
    const plan = planFor(digits, this.#effort);
    const answered = new Map(old?.answered);
    const unfinished = plan.levels.findIndex(({ b1, curves }) => (answered.get(b1) ?? 0) < curves);
    const level = unfinished === -1 ? Math.max(0, plan.levels.length - 1) : unfinished;
    const given = answered.get(plan.levels[level]?.b1 ?? 0) ?? 0;
    const total = [...answered.values()].reduce((sum, curves) => sum + curves, 0);
    const isMinusOneDone = old?.isMinusOneDone ?? false;
    this.#waiting.set(n, {
      ...{ n, digits, bits: bitsOf(n), plan, level, given, total, answered },
      // Rho may have found the divisor that split the number, and may find more.
      ...{ hasWhole: false, hasRho: !plan.hasRho, isMinusOneDone, sieving: undefined },
      hasMinusOne: isMinusOneDone || !plan.hasMinusOne,
    });
  }

  next(): FactorTask | undefined {
    const progress = this.#pick();
    if (progress === undefined) return undefined;
    const { n } = progress;
    if (progress.plan.isWhole) {
      progress.hasWhole = true;
      return { method: 'split', n };
    }
    if (!progress.hasRho) {
      progress.hasRho = true;
      return { method: 'rho', n, maxSteps: scaled(progress, RHO_STEPS) };
    }
    if (!progress.hasMinusOne) {
      progress.hasMinusOne = true;
      return { method: 'p-1', n, b1: scaled(progress, MINUS_ONE.b1), b2: scaled(progress, MINUS_ONE.b2) };
    }
    return this.#curves(progress) ?? this.#sieve(progress);
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
    const progress = this.#foremost;
    if (progress === undefined) return 'trial division';
    const { plan, sieving, total, hasMinusOne, answered } = progress;
    const number = `a ${progress.digits}-digit number`;
    if (plan.isWhole) return `splitting ${number}`;
    if (sieving !== undefined) return `${sieving.stage} for ${number}`;
    if (total === 0) return plan.hasMinusOne && hasMinusOne ? `P-1 on ${number}` : `rho on ${number}`;
    const level = plan.levels.find(({ b1, curves }) => (answered.get(b1) ?? 0) < curves);
    const { b1, curves } = level ?? plan.levels.at(-1) ?? { b1: 0, curves: 0 };
    return `ECM B1=${b1.toLocaleString('en')}: ${answered.get(b1) ?? 0}/${curves} curves on ${number}`;
  }

  /** What part of the way to its end the sieve has come, from 0 to 1; undefined where none has begun. */
  get sieved(): number | undefined {
    return this.#foremost?.sieving?.fraction;
  }

  get #foremost(): Progress | undefined {
    return [...this.#waiting.values()].reduce<Progress | undefined>(earlier, undefined);
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
    const { plan, sieving } = progress;
    if (plan.isWhole) return !progress.hasWhole;
    if (!progress.hasRho || !progress.hasMinusOne || this.#levelOf(progress) !== undefined) return true;
    return plan.hasSieve && sieving?.isSieving !== false;
  }

  #levelOf({ plan, level: place, given, total }: Progress): Level | undefined {
    if (total >= this.#maxCurves) return undefined;
    const level = plan.levels[place];
    if (level === undefined || given < level.curves) return level;
    return plan.levels[place + 1] ?? (plan.isEndless ? level : undefined);
  }

  #curves(progress: Progress): CurvesTask | undefined {
    const level = this.#levelOf(progress);
    if (level === undefined) return undefined;
    if (level !== progress.plan.levels[progress.level]) {
      progress.level += 1;
      progress.given = progress.answered.get(level.b1) ?? 0;
    }
    const { b1 } = level;
    const oneMs = curveMs(progress.bits, b1);
    const shared = Math.max(level.curves / TASKS_A_LEVEL, LEAST_TASK_MS / oneMs);
    const most = Math.min(Math.ceil(shared), TASK_MS / oneMs);
    const left = Math.min(this.#maxCurves - progress.total, Math.max(1, level.curves - progress.given));
    const curves = Math.min(left, LANES * Math.max(1, Math.round(most / LANES)));
    const { n, total: first } = progress;
    progress.given += curves;
    progress.total += curves;
    return { method: 'ecm', n, b1, b2: stageTwoBound(b1), first, curves };
  }

  #sieve(progress: Progress): FactorTask | undefined {
    progress.sieving ??= new Sieving(progress.n);
    return progress.sieving.next();
  }
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

/** Curves of the same bound come in turn; a number that is to be sieved comes behind all of its curves. */
function stepOf({ plan, hasRho, hasMinusOne, level, given }: Progress): number {
  if (plan.isWhole || !hasRho) return 0;
  if (!hasMinusOne) return 1;
  const { b1, curves } = plan.levels[level] ?? { b1: Infinity, curves: 0 };
  return given >= curves && plan.hasSieve ? 1_000 : 2 + Math.min(900, Math.log2(b1)) + given / 1e6;
}
