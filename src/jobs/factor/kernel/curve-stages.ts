import { gcd, inverse } from '../../../code/prelude/arithmetic.js';
import type { StageTwoPlan } from '../stage-two-plan.js';
import { LANES } from './lanes.js';
import type { Lanes } from './lanes.js';
import type { StageOnePlan } from './stage-one-plan.js';

/** A proper divisor, and the lane whose curve or sequence found it. */
export interface Found {
  readonly divisor: bigint;
  readonly lane: number;
}

/** A stage pauses after each slice of its work, of about this many milliseconds on a machine of 2020. */
const SLICE_MS = 40;
/** Points that a chain needs. */
const ROOM_POINTS = 5;

/** Things in the lanes that multiply: points of curves, or sequences. */
export interface Group {
  readonly lanes: Lanes;
  /** Room for the points of a chain; the first is the point. */
  readonly room: number;
  /** Lanes whose result can no longer tell factors apart. */
  readonly spent: Set<number>;
  /** Where what vanishes for a factor is read: Z of a point, or V - 2. */
  readonly isSequence: boolean;
}

export function makeGroup(lanes: Lanes, isSequence: boolean): Group {
  const room = lanes.allocate(2 * ROOM_POINTS * lanes.size);
  return { lanes, room, spent: new Set(), isSequence };
}

/** Multiplies the group's point by all prime powers of the plan, and looks for divisors after each slice. */
export function* stageOne(group: Group, plan: StageOnePlan): Generator<void, Found | undefined> {
  const { lanes, room } = group;
  const { wasm } = lanes;
  const { b1, count } = plan;
  const primes = lanes.allocate(4 * count);
  const choices = lanes.allocate(count);
  new Uint32Array(wasm.memory.buffer, primes, count).set(plan.primes);
  new Uint8Array(wasm.memory.buffer, choices, count).set(plan.choices);
  const most = Math.max(1, Math.floor(SLICE_MS / (15 * Math.log2(b1) * productMs(lanes))));
  const run = (first: number, length: number, bound: number) => {
    wasm.multiplyByPrimes(room, primes + 4 * first, choices + first, length, bound);
  };

  wasm.setSequence(group.isSequence);
  wasm.doublePoint(room, Math.floor(Math.log2(b1)));
  for (let first = 0; first < count; first += most) {
    const length = Math.min(most, count - first);
    const before = new Uint8Array(wasm.memory.buffer, room, 2 * lanes.size).slice();
    run(first, length, b1);
    const found = look(group, vanishing(group));
    if (found === 'everything') {
      // All factors of some lane at once: with a look after every prime they may come apart.
      new Uint8Array(wasm.memory.buffer, room, 2 * lanes.size).set(before);
      const apart = yield* oneByOne(group, plan, { first, length, run });
      if (apart !== undefined) return apart;
    } else if (found !== undefined) {
      return found;
    }
    yield;
    wasm.setSequence(group.isSequence);
  }
  return undefined;
}

interface Slice {
  readonly first: number;
  readonly length: number;
  readonly run: (first: number, length: number, bound: number) => void;
}

function* oneByOne(group: Group, plan: StageOnePlan, slice: Slice): Generator<void, Found | undefined> {
  const { first, length, run } = slice;
  for (let place = first; place < first + length; place += 1) {
    const prime = plan.primes[place] ?? plan.b1;
    for (let power = prime; power <= plan.b1; power *= prime) {
      run(place, 1, prime);
      const found = look(group, vanishing(group));
      if (found === 'everything') spend(group, vanishing(group));
      else if (found !== undefined) return found;
    }
    if (place % 100 === 0) {
      yield;
      group.lanes.wasm.setSequence(group.isSequence);
    }
  }
  return undefined;
}

/** What each lane has become: a multiple of the factors that it has found. */
function vanishing({ lanes, room, isSequence }: Group): readonly bigint[] {
  return isSequence ? lanes.read(room).map((value) => value - 2n) : lanes.read(room + lanes.size);
}

/** The proper divisor that a value shows, or that one of them is divided by all of n. */
function look({ lanes, spent }: Group, values: readonly bigint[]): Found | 'everything' | undefined {
  const { n } = lanes;
  const live = [...values.entries()].filter(([lane]) => !spent.has(lane));
  const product = live.reduce((all, [, value]) => (all * value) % n, 1n);
  if (gcd(product, n) === 1n) return undefined;
  const divisors = live.map(([lane, value]) => ({ lane, divisor: gcd(value, n) }));
  return divisors.find(({ divisor }) => divisor !== 1n && divisor !== n) ?? everything(divisors, n);
}

function everything(divisors: readonly Found[], n: bigint): 'everything' | undefined {
  return divisors.some(({ divisor }) => divisor === n) ? 'everything' : undefined;
}

function spend({ lanes, spent }: Group, values: readonly bigint[]): void {
  for (const [lane, value] of values.entries()) if (gcd(value, lanes.n) === lanes.n) spent.add(lane);
}

/**
 * Finds the group orders that have one prime more, up to b2. Every such prime is m D + j or m D - j with a small j, and
 * m D P = ±j P where both have the same x: one product of differences covers both (Montgomery 1987, section 10).
 */
export function* stageTwo(group: Group, plan: StageTwoPlan): Generator<void, Found | undefined> {
  const { lanes, spent } = group;
  const { wasm, size } = lanes;
  wasm.setSequence(group.isSequence);
  const babies = makeBabies(group, plan);
  const giants = makeGiants(group, plan);
  const values = lanes.allocate((babies.count + giants.count) * size);
  const points = babies.points;
  const count = babies.count + giants.count;
  if (group.isSequence) {
    wasm.collect(points, count, values);
  } else {
    const inverseAt = lanes.allocate(size);
    wasm.multiplyUp(points, count, values);
    const products = lanes.read(values + (count - 1) * size);
    const found = look(group, products);
    if (found === 'everything') spend(group, products);
    else if (found !== undefined) return found;
    lanes.write(inverseAt, inverses(products, group));
    wasm.divideDown(points, count, values, inverseAt);
  }
  yield;

  const both = lanes.allocate(2 * size);
  lanes.write(both, [1n, 1n, 1n, 1n]);
  lanes.write(both + size, [1n, 1n, 1n, 1n]);
  const places = lanes.allocate(2 * Math.max(...plan.pairs.map(({ length }) => length)));
  const slice = Math.max(1, Math.floor(SLICE_MS / productMs(lanes)));
  let done = 0;
  for (const [place, list] of plan.pairs.entries()) {
    wasm.setSequence(group.isSequence);
    new Uint16Array(wasm.memory.buffer, places, list.length).set(list);
    wasm.accumulate(both, values + (babies.count + place) * size, values, places, list.length);
    done += list.length;
    if (done < slice) continue;
    done = 0;
    yield;
  }
  wasm.product(both, both, both + size);
  const found = look(group, lanes.read(both));
  return found === 'everything' || found === undefined || spent.has(found.lane) ? undefined : found;
}

/**
 * The multiples by the babies, one after another: all that are ±1 modulo 6, in two progressions, and of these the
 * wanted ones.
 */
function makeBabies({ lanes, room }: Group, { babies }: StageTwoPlan) {
  const { wasm } = lanes;
  const point = 2 * lanes.size;
  const last = babies.at(-1) ?? 1;
  const length = Math.ceil(last / 6) + 3;
  const multiples = lanes.allocate(8 * point);
  const of = (scalar: number) => multiples + scalar * point;
  wasm.ladder(of(1), of(2), room, 1);
  wasm.ladder(of(5), of(6), room, 5);
  const points = lanes.allocate(2 * length * point);
  const bytes = new Uint8Array(wasm.memory.buffer);
  const copy = (to: number, from: number) => bytes.copyWithin(to, from, from + point);
  // -5, 1, 7, … and -1, 5, 11, …: -P has the x of P.
  const rows = [
    { at: points, first: -5, second: 1 },
    { at: points + length * point, first: -1, second: 5 },
  ];
  for (const { at, first, second } of rows) {
    copy(at, of(-first));
    copy(at + point, of(second));
    wasm.progress(at + 2 * point, length - 2, of(6));
  }
  const chosen = lanes.allocate(babies.length * point);
  const all = new Uint8Array(wasm.memory.buffer);
  for (const [place, baby] of babies.entries()) {
    const row = rows[baby % 6 === 1 ? 0 : 1] ?? { at: 0, first: 0 };
    const from = row.at + ((baby - row.first) / 6) * point;
    all.copyWithin(chosen + place * point, from, from + point);
  }
  return { points: chosen, count: babies.length };
}

/** The multiples by step, first of them and count many, that follow the babies in memory. */
function makeGiants({ lanes, room }: Group, { step, firstGiant, pairs }: StageTwoPlan) {
  const { wasm } = lanes;
  const point = 2 * lanes.size;
  const count = pairs.length;
  const points = lanes.allocate((count + 1) * point);
  const stepAt = lanes.allocate(2 * point);
  wasm.ladder(stepAt, stepAt + point, room, step);
  wasm.ladder(points, points + point, stepAt, firstGiant);
  if (count > 2) wasm.progress(points + 2 * point, count - 2, stepAt);
  return { points, count };
}

/** All inverses with one of BigInt's; 0 for spent lanes. */
function inverses(values: readonly bigint[], { lanes, spent }: Group): bigint[] {
  const { n } = lanes;
  const live = values.map((value, lane) => (spent.has(lane) ? 1n : value));
  const product = live.reduce((all, value) => (all * value) % n, 1n);
  const inverted = inverse(product, n);
  if ('divisor' in inverted) throw new Error('a value without an inverse was not spent');
  return live.map((_, lane) => {
    if (spent.has(lane)) return 0n;
    return live.reduce((all, value, other) => (other === lane ? all : (all * value) % n), inverted.value);
  });
}

/** About how long a product in all lanes takes: measured on the machine of the benchmarks. */
function productMs({ size }: Lanes): number {
  const pairs = size / 16;
  return ((20 + 1.3 * pairs * pairs) * LANES) / 4 / 1e6;
}
