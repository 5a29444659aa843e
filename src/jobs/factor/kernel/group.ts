import { gcd, inverse } from '../../../code/prelude/arithmetic.js';
import type { Lanes } from './lanes.js';

/** A proper divisor, and the lane whose curve or sequence found it. */
export interface Found {
  readonly divisor: bigint;
  readonly lane: number;
}

/** A stage pauses after about so many products in all lanes, which take this many milliseconds on a machine of 2022. */
const SLICE_MS = 40;

export function productsInSlice({ size }: Lanes): number {
  const pairs = size / 16;
  return Math.ceil((SLICE_MS * 1e6) / (20 + 1.3 * pairs * pairs));
}

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
  lanes.wasm.setSequence(isSequence);
  const room = lanes.allocate(2 * ROOM_POINTS * lanes.size);
  return { lanes, room, spent: new Set(), isSequence };
}

/** What each lane has become: a multiple of the factors that it has found. */
export function vanishing({ lanes, room, isSequence }: Group): readonly bigint[] {
  return isSequence ? lanes.read(room).map((value) => value - 2n) : lanes.read(room + lanes.size);
}

/** The proper divisor that a value shows, or that one of them is divided by all of n. */
export function look({ lanes, spent }: Group, values: readonly bigint[]): Found | 'everything' | undefined {
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

export function spend({ lanes, spent }: Group, values: readonly bigint[]): void {
  for (const [lane, value] of values.entries()) if (gcd(value, lanes.n) === lanes.n) spent.add(lane);
}

/** All inverses with one of BigInt's; 0 for spent lanes. */
export function inverses(values: readonly bigint[], { lanes, spent }: Group): bigint[] {
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
