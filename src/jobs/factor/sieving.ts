import { digitsOf } from '../../code/prelude/arithmetic.js';
import { RelationBook } from './relations/book.js';
import { checkRelations } from './relations/check.js';
import { isSquare } from './relations/is-square.js';
import { countRelations, pickRelations } from './relations/packed.js';
import { sieveBase } from './sieve/base.js';
import type { SieveBase } from './sieve/base.js';
import { Polynomials } from './sieve/polynomials.js';
import type { FactorAnswer, FactorTask, MatrixTask, RootTask, SieveTask } from './tasks.js';

/** What follows from an answer. */
export type Outcome =
  | { readonly type: 'wrong' }
  | { readonly type: 'go-on' }
  /** Tasks to submit; what still sieves is of no use any more where `isSieved`. */
  | { readonly type: 'tasks'; readonly tasks: readonly FactorTask[]; readonly isSieved: boolean }
  | { readonly type: 'divisor'; readonly divisor: bigint };

const GO_ON: Outcome = { type: 'go-on' };
const WRONG: Outcome = { type: 'wrong' };

/** So many square roots are taken at once: each gives a divisor with a chance of a half at least. */
const ROOTS_AT_ONCE = 2;
/** When no product gave a divisor, so many relations more must come. */
const MORE_RELATIONS = 64;
/** Relations become enough by jumps: cycles grow the faster, the more relations there are. */
const CYCLE_GROWTH = 0.6;

/**
 * How many coefficients a task has, by digits. One takes about 3 ms at 45 digits, 14 at 60, 61 at 70, 364 at 80 and 2,100 at
 * 90: short tasks lose little when the relations are enough, and longer ones are asked for less often.
 */
const COEFFICIENTS: readonly (readonly [mostDigits: number, coefficients: number])[] = [
  [47, 10],
  [55, 5],
  [65, 4],
  [73, 3],
  [77, 2],
  [Infinity, 1],
];

/**
 * The quadratic sieve of one number, as its coordinator sees it: sieve tasks until the relations are enough, then the
 * matrix, then square roots. Pure: decided by the answers in their order alone. No answer is believed: every relation
 * is checked, every product must be a square.
 */
export class Sieving {
  readonly #base: SieveBase;
  readonly #polynomials: Polynomials;
  readonly #book: RelationBook;
  readonly #coefficientsATask: number;
  #phase: 'sieve' | 'matrix' | 'root' = 'sieve';
  #given = 0;
  #round = 0;
  #relations: Uint8Array = new Uint8Array(0);
  #relationCount = 0;
  #dependencies: readonly Uint32Array[] = [];
  #nextDependency = 0;
  #openRoots = 0;
  /** The round in which a matrix was said to have no products. */
  #emptyRound = -1;

  constructor(n: bigint) {
    this.#base = sieveBase(n);
    this.#polynomials = new Polynomials(this.#base);
    this.#book = new RelationBook(this.#base);
    const digits = digitsOf(n);
    this.#coefficientsATask = COEFFICIENTS.find(([most]) => digits <= most)?.[1] ?? 1;
  }

  /** More sieve tasks are wanted. */
  get isSieving(): boolean {
    return this.#phase === 'sieve';
  }

  /** What part of the sieving's time has passed, from 0 to 1: an estimate. */
  get fraction(): number {
    if (this.#phase !== 'sieve') return 1;
    const { full, cycles, needed } = this.#book.counts;
    return Math.min(1, (full + cycles) / needed) ** CYCLE_GROWTH;
  }

  /** One line for people. */
  get stage(): string {
    if (this.#phase === 'matrix') return 'linear algebra';
    if (this.#phase === 'root') return 'square root';
    const { full, cycles, needed } = this.#book.counts;
    const part = Math.min(99, Math.floor((100 * (full + cycles)) / needed));
    const [fullText, cyclesText, neededText] = [full, cycles, needed].map((n) => n.toLocaleString('en'));
    return `sieving ${part} %: ${fullText} + ${cyclesText} of ${neededText} relations`;
  }

  /** The next sieve task; undefined when no more are wanted. */
  next(): SieveTask | undefined {
    if (!this.isSieving) return undefined;
    const coefficients = Array.from({ length: this.#coefficientsATask }, () => this.#polynomials.next());
    const first = this.#given;
    this.#given += coefficients.length;
    return { method: 'sieve', n: this.#base.n, first, coefficients };
  }

  take(task: FactorTask, answer: FactorAnswer | undefined): Outcome {
    switch (task.method) {
      case 'sieve':
        return this.#takeRelations(answer);
      case 'matrix':
        return task.round === this.#round ? this.#takeDependencies(answer) : GO_ON;
      case 'root':
        return task.round === this.#round ? this.#takeRoot(answer) : GO_ON;
      default:
        return GO_ON;
    }
  }

  #takeRelations(answer: unknown): Outcome {
    const { relations } = (answer ?? {}) as { readonly relations?: unknown };
    if (!(relations instanceof Uint8Array) || checkRelations(this.#base, relations) === undefined)
      return WRONG;
    // What comes late is not needed.
    if (!this.isSieving) return GO_ON;
    this.#book.add(relations);
    if (!this.#book.isEnough) return GO_ON;
    this.#phase = 'matrix';
    this.#relations = this.#book.take();
    this.#relationCount = countRelations(this.#base, this.#relations);
    return { type: 'tasks', tasks: [this.#matrixTask()], isSieved: true };
  }

  #takeDependencies(answer: unknown): Outcome {
    const { dependencies } = (answer ?? {}) as { readonly dependencies?: unknown };
    if (!Array.isArray(dependencies) || !dependencies.every((one) => this.#isList(one))) return WRONG;
    // With more relations than primes there are some: it must be said twice, so that each time counts as one wrong answer.
    if (dependencies.length === 0 && this.#emptyRound !== this.#round) {
      this.#emptyRound = this.#round;
      return WRONG;
    }
    // The others are looked at when they are needed.
    if (dependencies.slice(0, ROOTS_AT_ONCE).some((one) => this.#square(one) === undefined)) return WRONG;
    this.#dependencies = dependencies;
    this.#nextDependency = 0;
    this.#openRoots = 0;
    this.#phase = 'root';
    return this.#moreRoots();
  }

  /** Whether it has numbers of relations, ascending. */
  #isList(numbers: unknown): numbers is Uint32Array {
    if (!(numbers instanceof Uint32Array) || numbers.length === 0) return false;
    if ((numbers.at(-1) ?? 0) >= this.#relationCount) return false;
    return numbers.every((number, place) => place === 0 || number > (numbers[place - 1] ?? 0));
  }

  /** The relations of a dependency; undefined where their product is no square. */
  #square(numbers: Uint32Array): Uint8Array | undefined {
    const picked = pickRelations(this.#base, this.#relations, numbers);
    return isSquare(this.#base, picked) ? picked : undefined;
  }

  #takeRoot(answer: unknown): Outcome {
    const { divisor } = (answer ?? {}) as { readonly divisor?: unknown };
    if (divisor === null) {
      this.#openRoots -= 1;
      return this.#moreRoots();
    }
    if (typeof divisor !== 'bigint') return WRONG;
    return { type: 'divisor', divisor };
  }

  /** Square roots in place of those that gave nothing; when no product is left, more relations are needed. */
  #moreRoots(): Outcome {
    const tasks: RootTask[] = [];
    while (this.#openRoots < ROOTS_AT_ONCE) {
      const dependency = this.#nextDependency;
      const numbers = this.#dependencies[dependency];
      if (numbers === undefined) break;
      this.#nextDependency += 1;
      const relations = this.#square(numbers);
      if (relations === undefined) continue;
      this.#openRoots += 1;
      tasks.push({ method: 'root', n: this.#base.n, round: this.#round, dependency, relations });
    }
    if (this.#openRoots > 0) return { type: 'tasks', tasks, isSieved: false };
    this.#round += 1;
    this.#book.wantMore(MORE_RELATIONS);
    this.#phase = 'sieve';
    return GO_ON;
  }

  #matrixTask(): MatrixTask {
    return { method: 'matrix', n: this.#base.n, round: this.#round, relations: this.#relations };
  }
}
