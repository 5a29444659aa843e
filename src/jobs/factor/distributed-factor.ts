import { isPrimeBigInt } from '../../code/prelude/numbers.js';
import { DsageError } from '../../model/errors.js';
import type { JobContext } from '../context.js';
import { DistributedJob } from '../distributed-job.js';
import type { FailureDecision } from '../distributed-job.js';
import { computeFactor } from './compute.js';
import type { FactorAnswer } from './compute.js';
import { parseInteger } from './expression.js';
import { Factorization, isProperDivisor } from './factorization.js';
import { Schedule } from './schedule.js';
import type { Effort, FactorTask } from './schedule.js';

/** When to leave what is composite as it is: without a limit a job goes on until all is split. */
export interface DistributedFactorOptions {
  /** No curves of ECM with a larger B1 (200 or more): 2,000 finds factors of 15 digits, 11,000 of 20, 50,000 of 25, 250,000 of 30. */
  readonly maxB1?: number;
  /** No more curves than this for one composite number, those for what it was part of included. */
  readonly maxCurves?: number;
}

/** What a DistributedFactor is made from again: values that travel. */
export interface DistributedFactorParameters extends DistributedFactorOptions {
  readonly n: bigint;
}

/** With smaller bounds the stages of ECM are out of proportion. */
const LEAST_B1 = 200;
/** A task is tried again so often after all its attempts have failed. */
const RETRIES = 3;
/** Answers that are wrong may come from one bad machine; so many mean that nothing good will come. */
const MOST_WRONG_ANSWERS = 100;

/**
 * The prime factors of an integer, by many workers: trial division, perfect powers, Pollard's rho and p - 1, then the
 * elliptic curve method with larger and larger bounds.
 *
 *     const job = d.start(new DistributedFactor('2^256+1'));
 *     job.primeFactors; // those found so far
 *     await job.wait(); // [[1238926361552897n, 1], [9346…0321n, 1]]
 *
 * The result has pairs of prime and exponent, ascending; that of a negative number begins with `[-1n, 1]`, and that of 1
 * is empty. How long it takes depends on the second largest prime factor: seconds up to 15 digits, minutes up to 25, and
 * hours beyond 30. There is no sieve yet: a product of two primes of 40 digits or more is out of reach, and a job without
 * a limit goes on trying. With `maxB1` or `maxCurves` it completes with what it has found, and `compositeFactors`
 * has the rest.
 *
 * What workers answer is not believed: a divisor counts when it divides.
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

  /** Answers that were no divisors; their tasks were submitted again. */
  get wrongAnswers(): number {
    return this.#wrongAnswers;
  }

  override get stage(): string {
    const { factors, schedule } = this.#state;
    return factors.isComplete ? 'done' : schedule.stage;
  }

  /** As `2^3 * 7 * (91)`, with what is not split yet in parentheses. */
  override toString(): string {
    return this.#state.factors.toString();
  }

  override *tasks(): Generator<FactorTask, void, void> {
    const { schedule } = this.#state;
    for (let task = schedule.next(); task !== undefined; task = schedule.next()) yield task;
  }

  override compute(task: FactorTask, context: JobContext): Promise<FactorAnswer> {
    return computeFactor(task, { signal: context.signal, progress: (part) => context.progress(part) });
  }

  override collect(answer: FactorAnswer, task: FactorTask): void {
    const { factors, schedule } = this.#state;
    // The number has been split meanwhile.
    if (!factors.has(task.n)) return;
    const { divisor } = answer;
    if (divisor === null && !mustSplit(task)) {
      schedule.answered(task);
    } else if (typeof divisor === 'bigint' && isProperDivisor(divisor, task.n)) {
      this.#divide(task.n, divisor);
    } else {
      this.#again(task);
    }
  }

  override onFailure(_error: DsageError, task: FactorTask): FailureDecision {
    if (!this.#state.factors.has(task.n)) return 'skip';
    const key = `${task.method} ${task.n} ${task.method === 'ecm' ? task.first : ''}`;
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, failures);
    if (failures <= RETRIES) return 'retry';
    return mustSplit(task) ? 'fail' : 'skip';
  }

  #divide(composite: bigint, divisor: bigint): void {
    const { factors, schedule } = this.#state;
    const { hasNext } = schedule;
    const split = factors.divide(composite, divisor);
    schedule.split(split);
    if (factors.isComplete) {
      this.finish();
      return;
    }
    this.killTasks(({ n }) => n === composite);
    // tasks() may have said already that there are no more.
    if (!hasNext) for (const task of this.tasks()) this.submit(task);
  }

  #again(task: FactorTask): void {
    this.#wrongAnswers += 1;
    if (this.#wrongAnswers > MOST_WRONG_ANSWERS) {
      throw new DsageError(
        'internal',
        `Workers gave ${this.#wrongAnswers} wrong divisors, the last of ${task.n}.`,
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
    const { n, ...effort } = this.parameters;
    const factors = new Factorization(n, isPrimeBigInt);
    const schedule = new Schedule(effort);
    for (const [composite] of factors.composites) schedule.add(composite);
    return (this.#known = { factors, schedule });
  }
}

/** Rho without a limit ends with a divisor. */
function mustSplit(task: FactorTask): boolean {
  return task.method === 'rho' && task.maxSteps === Infinity;
}

function effortOf({ maxB1, maxCurves }: DistributedFactorOptions): Effort {
  return { ...limit('maxB1', maxB1, LEAST_B1), ...limit('maxCurves', maxCurves, 0) };
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
