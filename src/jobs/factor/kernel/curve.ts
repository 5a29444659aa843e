import { bitsOf, inverse } from '../../../code/prelude/arithmetic.js';
import { suyama } from '../ecm.js';
import type { Curve, Point } from '../ecm.js';
import { planStageTwo } from '../stage-two-plan.js';
import { makeGroup } from './group.js';
import type { Found, Group } from './group.js';
import { Lanes } from './lanes.js';
import { LANES, MOST_BITS } from './size.js';
import { stageOne } from './stage-one.js';
import { planStageOne } from './stage-one-plan.js';
import { stageTwo } from './stage-two.js';

/** Where stages end: stage 1 with all prime powers up to b1, stage 2 with one prime more up to b2 (without one, if b2 <= b1). */
export interface Bounds {
  readonly b1: number;
  readonly b2: number;
}

/** 3 + 1/3 for Pollard's p - 1 with the base 3; the others find p by p + 1, each for one half of all p. */
const SEQUENCES: readonly (readonly [bigint, bigint])[] = [
  [10n, 3n],
  [2n, 7n],
  [6n, 5n],
  [3n, 1n],
];

/** For lanes without a curve: zero stays zero. */
const NO_CURVE = { curve: { n: 1n, a24: 0n }, point: { x: 0n, z: 0n } };

/**
 * Lenstra's elliptic curves, and p - 1, for one odd number in WebAssembly: four curves at once. `begin` some, and `step`
 * until there is no more; a step takes tens of milliseconds, but for plans, which are made once for bounds.
 *
 *     const kernel = new CurveKernel(n);
 *     kernel.begin([7n, 8n, 9n, 10n], { b1: 50_000, b2: 5_000_000 });
 *     while (kernel.step());
 *     kernel.divisor; // of n, and kernel.sigma says which curve found it
 */
export class CurveKernel {
  /** Whether the number is one that the kernel takes: odd, and of at most 1,244 bits. */
  static fits(n: bigint): boolean {
    return n > 2n && n % 2n === 1n && bitsOf(n) <= MOST_BITS;
  }

  readonly #lanes: Lanes;
  #run: Generator<void, Found | undefined> | undefined;
  #found: Found | undefined;
  #sigmas: readonly bigint[] = [];

  /** Throws a RangeError for numbers that do not fit. */
  constructor(n: bigint) {
    this.#lanes = new Lanes(n);
  }

  /**
   * Begins curves by Suyama's parameters sigma, each above 5 and one to four of them; what was begun before is dropped.
   * b1 is 105 at least.
   */
  begin(sigmas: readonly bigint[], bounds: Bounds): void {
    if (sigmas.length < 1 || sigmas.length > LANES) throw new RangeError(`${sigmas.length} curves at once`);
    this.#start(this.#curves(sigmas, bounds));
    this.#sigmas = sigmas;
  }

  /** Begins p - 1, and p + 1 beside it. */
  beginMinusOne(bounds: Bounds): void {
    this.#start(this.#sequences(bounds));
  }

  /** Works on for a while; false when nothing is left to do, which is so as soon as a divisor is found. */
  step(): boolean {
    if (this.#run === undefined) return false;
    const next = this.#run.next();
    if (next.done !== true) return true;
    this.#found = next.value;
    this.#run = undefined;
    return false;
  }

  /** A proper divisor of the number, when what was begun last has found one. */
  get divisor(): bigint | undefined {
    return this.#found?.divisor;
  }

  /** Of the curve that has found the divisor. */
  get sigma(): bigint | undefined {
    return this.#found === undefined ? undefined : this.#sigmas[this.#found.lane];
  }

  /** One curve from its begin to its end. */
  curve(sigma: bigint, bounds: Bounds): bigint | undefined {
    this.begin([sigma], bounds);
    while (this.step());
    return this.divisor;
  }

  /** p - 1 from its begin to its end. */
  pMinusOne(bounds: Bounds): bigint | undefined {
    this.beginMinusOne(bounds);
    while (this.step());
    return this.divisor;
  }

  #start(run: Generator<void, Found | undefined>): void {
    this.#lanes.freeAll();
    this.#found = undefined;
    this.#sigmas = [];
    this.#run = run;
  }

  *#curves(sigmas: readonly bigint[], bounds: Bounds): Generator<void, Found | undefined> {
    const lanes = this.#lanes;
    const group = makeGroup(lanes, false);
    const wanted = sigmas.map((sigma) => suyama(lanes.n, sigma));
    const made: { readonly curve: Curve; readonly point: Point }[] = [];
    for (let lane = 0; lane < LANES; lane += 1) {
      const start = wanted[lane] ?? { divisor: lanes.n };
      if ('curve' in start) made.push(start);
      else if (start.divisor !== lanes.n) return { divisor: start.divisor, lane };
      else {
        group.spent.add(lane);
        made.push(NO_CURVE);
      }
    }
    const write = (at: number, read: (start: (typeof made)[number]) => bigint) =>
      lanes.write(at, made.map(read));
    write(lanes.a24, ({ curve }) => curve.a24);
    write(group.room, ({ point }) => point.x);
    write(group.room + lanes.size, ({ point }) => point.z);
    return yield* this.#stages(group, bounds);
  }

  *#sequences(bounds: Bounds): Generator<void, Found | undefined> {
    const lanes = this.#lanes;
    const group = makeGroup(lanes, true);
    const seeds: bigint[] = [];
    for (const [lane, [numerator, denominator]] of SEQUENCES.entries()) {
      const inverted = inverse(denominator, lanes.n);
      if ('divisor' in inverted)
        return inverted.divisor === lanes.n ? undefined : { divisor: inverted.divisor, lane };
      seeds.push((numerator * inverted.value) % lanes.n);
    }
    const everywhere = (value: bigint) => seeds.map(() => value);
    lanes.write(lanes.a24, everywhere(1n));
    lanes.write(lanes.two, everywhere(2n));
    lanes.write(group.room, seeds);
    return yield* this.#stages(group, bounds);
  }

  *#stages(group: Group, { b1, b2 }: Bounds): Generator<void, Found | undefined> {
    const found = yield* stageOne(group, yield* planStageOne(b1));
    if (found !== undefined || b2 <= b1) return found;
    return yield* stageTwo(group, yield* planStageTwo(b1, b2));
  }
}
