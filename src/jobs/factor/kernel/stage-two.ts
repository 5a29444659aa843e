import type { StageTwoPlan } from '../stage-two-plan.js';
import { inverses, look, productsInSlice, spend } from './group.js';
import type { Found, Group } from './group.js';
import { LANES } from './size.js';

/** Giants that are in memory at a time: their inversions cost little, and the largest numbers take 4.7 MB. */
const GIANTS_AT_ONCE = 2_048;

/** Multiples of the group's point, one after another, and room for what stands for each of them in differences. */
interface Multiples {
  readonly points: number;
  readonly values: number;
}

/**
 * Finds the group orders that have one prime more, up to b2. Every such prime is m D + j or m D - j with a small j, and
 * m D P = ±j P where both have the same x: one product of differences covers both (Montgomery 1987, section 10). Looks for
 * divisors at its end.
 */
export function* stageTwo(group: Group, plan: StageTwoPlan): Generator<void, Found | undefined> {
  const { lanes } = group;
  const { wasm, size } = lanes;
  const inverse = lanes.allocate(size);
  const babies = yield* makeBabies(group, plan);
  const foundInBabies = evaluate(group, babies, plan.babies.length, inverse);
  if (foundInBabies !== undefined) return foundInBabies;
  yield;

  const both = lanes.allocate(2 * size);
  const ones = Array.from({ length: LANES }, () => 1n);
  lanes.write(both, ones);
  lanes.write(both + size, ones);
  const longest = plan.ends.reduce(
    (most, end, place) => Math.max(most, end - (plan.ends[place - 1] ?? 0)),
    0,
  );
  const places = lanes.allocate(2 * longest);
  const slice = productsInSlice(lanes);
  const giants = new Giants(group, plan);
  let from = 0;
  let pause = slice;
  for (const [place, end] of plan.ends.entries()) {
    const inBlock = place % GIANTS_AT_ONCE;
    if (inBlock === 0) {
      const count = Math.min(GIANTS_AT_ONCE, plan.giants - place);
      const found = evaluate(group, giants.next(count), count, inverse);
      if (found !== undefined) return found;
    }
    const list = plan.places.subarray(from, end);
    new Uint16Array(wasm.memory.buffer, places, list.length).set(list);
    wasm.accumulate(both, giants.values + inBlock * size, babies.values, places, list.length);
    from = end;
    if (end < pause) continue;
    pause = end + slice;
    yield;
  }
  wasm.product(both, both, both + size);
  const found = look(group, lanes.read(both));
  return found === 'everything' ? undefined : found;
}

/** Writes the values of points: X/Z, or V. A Z without inverse shows a divisor. */
function evaluate(
  group: Group,
  { points, values }: Multiples,
  count: number,
  inverse: number,
): Found | undefined {
  const { lanes } = group;
  const { wasm, size } = lanes;
  if (group.isSequence) {
    wasm.collect(points, count, values);
    return undefined;
  }
  wasm.multiplyUp(points, count, values);
  const products = lanes.read(values + (count - 1) * size);
  const found = look(group, products);
  if (found === 'everything') spend(group, products);
  else if (found !== undefined) return found;
  lanes.write(inverse, inverses(products, group));
  wasm.divideDown(points, count, values, inverse);
  return undefined;
}

/** The multiples by the babies, among those by all numbers that are ±1 modulo 6: two progressions. */
function* makeBabies({ lanes, room }: Group, { babies }: StageTwoPlan): Generator<void, Multiples> {
  const { wasm } = lanes;
  const point = 2 * lanes.size;
  const small = lanes.allocate(8 * point);
  const of = (scalar: number) => small + scalar * point;
  wasm.ladder(of(1), of(2), room, 1);
  wasm.ladder(of(5), of(6), room, 5);
  const length = Math.ceil((babies.at(-1) ?? 1) / 6) + 3;
  // -5, 1, 7, … and -1, 5, 11, …: the point -P has the x of P.
  const ones = { at: lanes.allocate(length * point), first: -5, second: 1 };
  const fives = { at: lanes.allocate(length * point), first: -1, second: 5 };
  const points = lanes.allocate(babies.length * point);
  const values = lanes.allocate(babies.length * lanes.size);
  const bytes = new Uint8Array(wasm.memory.buffer);
  for (const { at, first, second } of [ones, fives]) {
    bytes.copyWithin(at, of(-first), of(-first) + point);
    bytes.copyWithin(at + point, of(second), of(second) + point);
    wasm.progress(at + 2 * point, length - 2, of(6));
    yield;
  }
  for (const [place, baby] of babies.entries()) {
    const { at, first } = baby % 6 === 1 ? ones : fives;
    const from = at + ((baby - first) / 6) * point;
    bytes.copyWithin(points + place * point, from, from + point);
  }
  return { points, values };
}

/** The multiples by the giants, block after block in one place. */
class Giants {
  readonly values: number;
  readonly #group: Group;
  /** Two points before those of the block: the last ones of the block before it. */
  readonly #before: number;
  readonly #step: number;
  #previous = 0;

  constructor(group: Group, { step, firstGiant, giants }: StageTwoPlan) {
    const { lanes, room } = group;
    const point = 2 * lanes.size;
    const length = Math.min(GIANTS_AT_ONCE, giants);
    this.#group = group;
    this.#before = lanes.allocate((length + 3) * point);
    this.values = lanes.allocate(length * lanes.size);
    this.#step = lanes.allocate(2 * point);
    lanes.wasm.ladder(this.#step, this.#step + point, room, step);
    const points = this.#before + 2 * point;
    lanes.wasm.ladder(points, points + point, this.#step, firstGiant);
  }

  /** The next ones. */
  next(count: number): Multiples {
    const { lanes } = this.#group;
    const point = 2 * lanes.size;
    const before = this.#before;
    const points = before + 2 * point;
    if (this.#previous === 0) {
      if (count > 2) lanes.wasm.progress(points + 2 * point, count - 2, this.#step);
    } else {
      const last = before + this.#previous * point;
      new Uint8Array(lanes.wasm.memory.buffer).copyWithin(before, last, last + 2 * point);
      lanes.wasm.progress(points, count, this.#step);
    }
    this.#previous = count;
    return { points, values: this.values };
  }
}
