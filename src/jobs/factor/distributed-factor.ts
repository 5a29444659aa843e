import { digitsOf } from '../../code/prelude/arithmetic.js';
import { isPrimeBigInt } from '../../code/prelude/numbers.js';
import { DsageError } from '../../model/errors.js';
import type { JobContext } from '../context.js';
import { DistributedJob, NOT_YET } from '../distributed-job.js';
import type { FailureDecision, NotYet } from '../distributed-job.js';
import { algebraicFactors } from './algebraic.js';
import { computeFactor } from './compute.js';
import { Estimate } from './estimate.js';
import { parseInteger } from './expression.js';
import { Factorization, isProperDivisor, powerText } from './factorization.js';
import { DEFAULT_SIEVE_DIGITS, MOST_SIEVE_DIGITS, planFor } from './plan.js';
import type { Effort } from './plan.js';
import { Schedule } from './schedule.js';
import type { Outcome } from './sieving.js';
import type { FactorAnswer, FactorTask } from './tasks.js';

/** When to leave what is composite as it is: without a limit a job goes on until all is split. */
export interface DistributedFactorOptions {
  /** No curves of ECM with a larger B1 (200 or more): 2,000 finds factors of 15 digits, 11,000 of 20, 50,000 of 25, 250,000 of 30. */
  readonly maxB1?: number;
  /** No more curves than this for one composite number, those for what it was part of included. */
  readonly maxCurves?: number;
  /** No composite number with more digits is sieved, 100 unless given, 110 at most: 0 leaves all to the curves. */
  readonly maxSieveDigits?: number;
  /** Whether the factors that `b^e + 1` and `b^e - 1` have by their form are used; true unless given. */
  readonly algebraic?: boolean;
}

/** What a DistributedFactor is made from again: values that travel. */
export interface DistributedFactorParameters extends DistributedFactorOptions {
  readonly n: bigint;
}

/** With smaller bounds the stages of ECM are out of proportion. */
const LEAST_B1 = 200;
/** A task is tried again so often after all its attempts have failed. */
const RETRIES = 3;
/** So many characters of the primes go into a note: the stage comes behind them. */
const MOST_NOTED = 300;
/** Answers that are wrong may come from one bad machine; so many mean that nothing good will come. */
const MOST_WRONG_ANSWERS = 100;

/**
 * The prime factors of an integer, by many workers: trial division, the factors of `b^e ± 1`, perfect powers, Pollard's
 * rho and p - 1, the elliptic curve method, and then the quadratic sieve on all workers at once.
 *
 *     const job = d.start(new DistributedFactor('2^256+1'));
 *     job.primeFactors; // those found so far
 *     await job.wait(); // [[1238926361552897n, 1], [9346…0321n, 1]]
 *
 * The result has pairs of prime and exponent, ascending; that of a negative number begins with `[-1n, 1]`, and that of 1
 * is empty. How long it takes depends on the second largest prime factor where that is small, else on the number that
 * is left: on two processors half a minute for 70 digits, some minutes for 80, and about six times as long for every
 * ten digits more. What is left with more than 100 digits has curves only, and without a limit they go on until all is
 * split. With limits it completes with what it has found, and `compositeFactors` has the rest.
 *
 * What workers answer is not believed: a divisor counts when it divides, and every relation of the sieve is checked.
 */
export class DistributedFactor extends DistributedJob<
  DistributedFactorParameters,
  FactorTask,
  FactorAnswer,
  [bigint, number][]
> {
  static readonly module = import.meta.url;

  /** Throws `invalid-argument` for what are no parameters of a DistributedFactor. */
  static override fromParameters(parameters: unknown): DistributedFactor {
    const { n, ...options } = (parameters ?? {}) as Partial<DistributedFactorParameters>;
    if (typeof n !== 'bigint') {
      throw new DsageError('invalid-argument', 'A DistributedFactor is made from { n }, with a BigInt.', {
        hint: 'Pass the parameters of another DistributedFactor.',
      });
    }
    return new DistributedFactor(n, options);
  }

  #known: { readonly factors: Factorization; readonly schedule: Schedule } | undefined;
  #wrongAnswers = 0;
  readonly #failures = new Map<string, number>();
  /** Of the sieve that is under way, for `timeLeft` alone. */
  #estimate = new Estimate();

  /**
   * @param n any integer but 0: a BigInt, a safe number, or a text such as '2^256+1'
   *
   * Throws `invalid-argument` for other numbers and texts, and for limits that are no positive whole numbers.
   */
  constructor(n: bigint | number | string, options: DistributedFactorOptions = {}) {
    const value = parseInteger(n);
    if (value === 0n) {
      throw new DsageError('invalid-argument', '0 has no factorization.', { hint: 'Give another integer.' });
    }
    super({ n: value, ...effortOf(options) });
  }

  /** Pairs of prime and exponent that are known, ascending; they become more while it runs. */
  get primeFactors(): [bigint, number][] {
    return this.#state.factors.primes;
  }

  /** What is known to be composite and not split yet, with exponents, ascending. */
  get compositeFactors(): [bigint, number][] {
    return this.#state.factors.composites;
  }

  /** The prime factors; those found, where a limit was reached. */
  override get result(): [bigint, number][] {
    return this.primeFactors;
  }

  /** One task does all that is left, in a part of a second. */
  get isBrief(): boolean {
    const [composite, ...more] = this.compositeFactors;
    if (composite === undefined) return true;
    return more.length === 0 && planFor(digitsOf(composite[0]), this.parameters).isWhole;
  }

  /** Answers that did not hold what they said; their tasks were submitted again. */
  get wrongAnswers(): number {
    return this.#wrongAnswers;
  }

  override get stage(): string {
    const { factors, schedule } = this.#state;
    return factors.isComplete ? 'done' : schedule.stage;
  }

  /** The primes that are known and the stage, as `3 * 7 * … : sieving 61 %: …`. */
  override get note(): string {
    const { factors } = this.#state;
    const primes = factors.primes.map((power) => powerText(power)).join(' * ');
    if (factors.isComplete) return cut(primes, MOST_NOTED);
    return primes === '' ? this.stage : `${cut(primes, MOST_NOTED)} * … : ${this.stage}`;
  }

  /** Of the sieve that is under way; how long all the rest takes depends on what is found. */
  override get fraction(): number | undefined {
    const { factors, schedule } = this.#state;
    return factors.isComplete ? 1 : schedule.sieved;
  }

  /** As `2^3 * 7 * (91)`, with what is not split yet in parentheses. */
  override toString(): string {
    return this.#state.factors.toString();
  }

  /** Seconds that the sieve under way is likely to take still; undefined while none sieves. */
  get timeLeft(): number | undefined {
    const { sieved } = this.#state.schedule;
    return sieved === undefined ? undefined : this.#estimate.left(sieved, performance.now());
  }

  override *tasks(): Generator<FactorTask | NotYet, void, void> {
    const { factors, schedule } = this.#state;
    while (!factors.isComplete) {
      const task = schedule.next();
      if (task?.method === 'sieve') this.#noteSieve();
      yield task ?? NOT_YET;
    }
    this.#checkProduct();
  }

  override compute(task: FactorTask, context: JobContext): Promise<FactorAnswer> {
    return computeFactor(task, { signal: context.signal, progress: (part) => context.progress(part) });
  }

  override collect(answer: FactorAnswer, task: FactorTask): void {
    const { factors, schedule } = this.#state;
    // The number has been split meanwhile.
    if (!factors.has(task.n)) return;
    const sieving = isOfSieve(task) ? schedule.sieving(task.n) : undefined;
    if (sieving !== undefined) {
      this.#follow(sieving.take(task, answer), task);
      this.#noteSieve();
      return;
    }
    // It may be anything.
    const given: unknown = answer;
    const { divisor } = (given ?? {}) as { readonly divisor?: unknown };
    if (divisor === null && task.method !== 'split') {
      schedule.answered(task);
    } else if (typeof divisor === 'bigint' && isProperDivisor(divisor, task.n)) {
      this.#divide(task.n, divisor);
    } else {
      this.#again(task);
    }
  }

  override onFailure(_error: DsageError, task: FactorTask): FailureDecision {
    if (!this.#state.factors.has(task.n)) return 'skip';
    const key = keyOf(task);
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, failures);
    if (failures <= RETRIES) return 'retry';
    // To its sieve a square root that cannot be taken is one that gave nothing.
    if (task.method === 'root') this.collect({ divisor: null }, task);
    // Another curve or another coefficient does as well; without these there is no going on.
    return task.method === 'split' || task.method === 'matrix' ? 'fail' : 'skip';
  }

  #follow(outcome: Outcome, task: FactorTask): void {
    switch (outcome.type) {
      case 'go-on':
        return;
      case 'wrong':
        this.#again(task);
        return;
      case 'tasks':
        if (outcome.isSieved) this.killTasks(({ n, method }) => n === task.n && method === 'sieve');
        for (const next of outcome.tasks) this.submit(next);
        return;
      case 'divisor':
        if (isProperDivisor(outcome.divisor, task.n)) this.#divide(task.n, outcome.divisor);
        else this.#again(task);
    }
  }

  #noteSieve(): void {
    const { sieved } = this.#state.schedule;
    if (sieved !== undefined) this.#estimate.note(sieved, performance.now());
  }

  #divide(composite: bigint, divisor: bigint): void {
    const { factors, schedule } = this.#state;
    schedule.split(factors.divide(composite, divisor));
    this.#estimate = new Estimate();
    if (factors.isComplete) {
      this.#checkProduct();
      this.finish();
    } else this.killTasks(({ n }) => n === composite);
  }

  /** Factors that do not multiply to the number are not given out: that would be a fault of ours. */
  #checkProduct(): void {
    const { product } = this.#state.factors;
    if (product === this.parameters.n) return;
    throw new DsageError('internal', `The factors that were found multiply to ${product}.`, {
      hint: 'Report this with the number: it is a bug of dsage.',
    });
  }

  #again(task: FactorTask): void {
    this.#wrongAnswers += 1;
    if (this.#wrongAnswers > MOST_WRONG_ANSWERS) {
      throw new DsageError(
        'internal',
        `Workers gave ${this.#wrongAnswers} wrong answers, the last to ${task.method} on ${task.n}.`,
        {
          hint: 'Look for the worker with `dsage job ID --tasks`, and drain it.',
        },
      );
    }
    this.submit(task);
  }

  /** Made when it is first needed: workers need none. */
  get #state() {
    if (this.#known !== undefined) return this.#known;
    const { n, algebraic = true, ...effort } = this.parameters;
    const factors = new Factorization(n, isPrimeBigInt, algebraic ? algebraicFactors : undefined);
    const schedule = new Schedule(effort);
    for (const [composite] of factors.composites) schedule.add(composite);
    return (this.#known = { factors, schedule });
  }
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

function isOfSieve({ method }: FactorTask): boolean {
  return method === 'sieve' || method === 'matrix' || method === 'root';
}

/** Tells a task from others in counting how often it failed. */
function keyOf(task: FactorTask): string {
  switch (task.method) {
    case 'ecm':
    case 'sieve':
      return `${task.method} ${task.n} ${task.first}`;
    case 'matrix':
      return `matrix ${task.n} ${task.round}`;
    case 'root':
      return `root ${task.n} ${task.round} ${task.dependency}`;
    default:
      return `${task.method} ${task.n}`;
  }
}

function effortOf(options: DistributedFactorOptions): Effort & { readonly algebraic?: boolean } {
  const { maxB1, maxCurves, maxSieveDigits, algebraic } = options;
  const most = maxSieveDigits ?? DEFAULT_SIEVE_DIGITS;
  if (most > MOST_SIEVE_DIGITS) {
    throw new DsageError('invalid-argument', `maxSieveDigits is ${most}: sieving so much would take weeks.`, {
      hint: `Give ${MOST_SIEVE_DIGITS} at most.`,
    });
  }
  if (algebraic !== undefined && typeof algebraic !== 'boolean') {
    throw new DsageError('invalid-argument', `algebraic is ${String(algebraic)}.`, {
      hint: 'Give true or false.',
    });
  }
  return {
    ...limit('maxB1', maxB1, LEAST_B1),
    ...limit('maxCurves', maxCurves, 0),
    ...limit('maxSieveDigits', maxSieveDigits, 0),
    ...(algebraic === undefined ? {} : { algebraic }),
  };
}

function limit(name: string, value: number | undefined, least: number): Record<string, number> {
  if (value === undefined) return {};
  if (Number.isSafeInteger(value) && value >= least) return { [name]: value };
  throw new DsageError(
    'invalid-argument',
    `${name} is ${value}: it must be a whole number from ${least} on.`,
    {
      hint: 'Leave it out for no limit.',
    },
  );
}
