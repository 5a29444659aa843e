import type { SieveBase } from '../sieve/base.js';
import { BLOCK, sieveShape } from '../sieve/shape.js';
import { log2 } from '../sieve/log2.js';

/** How the logarithms of the kernel's sieve, a byte each, are to be read. */
export interface Thresholds {
  /** Units of a logarithm in a bit. */
  readonly scale: number;
  /** By block of a side, what the block is filled with: a position that sieving brings below 0 is a candidate. */
  readonly starts: readonly number[];
  /** Units of the largest cofactor of use, with what rounding may add. */
  readonly unexplained: number;
  /** Cofactors of units between these are primes beyond the bound: below the square of the largest prime. */
  readonly useless: readonly [from: number, to: number];
  /** Cofactors up to this are worth splitting; 0 for none. */
  readonly doubleBound: number;
}

/** The top bit marks candidates: starts have to stay below it. */
const HIGHEST_START = 120;
/** Nor may a value whose primes are all sieved wrap around: it may go below 0 by 128, errors included. */
const MOST_BELOW = 110;
/**
 * What errors of the rounded logarithms of a candidate may add, in units: less than the worst, as most make up for each
 * other. At 80 digits 2 loses 1 % of the partial relations that 6 finds, and takes 8 % less time.
 */
const ROUNDING = 2;

export function thresholds(base: SieveBase): Thresholds {
  const { interval, form } = sieveShape(base);
  const { blocks, doubleExponent, slackBits, largePrimes } = base.parameters;
  const largeBits = Math.log2(base.largePrimeBound);
  const cofactorBits = largePrimes === 2 ? largeBits * doubleExponent : largeBits;
  // With a at its ideal size, the values are interval sqrt(kn / 2) at both ends, and at 0, over the form.
  const size = log2(base.kn) / 2 - 0.5 + Math.log2(interval) - Math.log2(form);
  const needed = Array.from({ length: blocks }, (_, block) => size + shapeBits(block, blocks));
  const bits = needed.map((needs) => Math.max(8, needs - cofactorBits - slackBits));
  const below = needed.map((needs, block) => needs - (bits[block] ?? 0));
  const scale = Math.min(HIGHEST_START / Math.max(...bits), MOST_BELOW / (Math.max(...below) + 2));
  return {
    scale,
    starts: bits.map((needs) => Math.round(needs * scale)),
    unexplained: cofactorBits * scale + ROUNDING,
    useless: [largeBits * scale + ROUNDING, 2 * Math.log2(base.primes.at(-1) ?? 1) * scale - ROUNDING],
    doubleBound: largePrimes === 2 ? 2 ** cofactorBits : 0,
  };
}

/** The mean logarithm of |2 (x / interval)^2 - 1| in a block. */
function shapeBits(block: number, blocks: number): number {
  const samples = 64;
  let sum = 0;
  for (let sample = 0; sample < samples; sample += 1) {
    const x = (block + (sample + 0.5) / samples) / blocks;
    sum += Math.log2(Math.abs(2 * x * x - 1) + 1e-6);
  }
  return sum / samples;
}

/** Logarithms of primes in units, for a byte each. */
export function logsOf(primes: Uint32Array, scale: number): Uint8Array {
  return Uint8Array.from(primes, (p) => Math.round(Math.log2(p) * scale));
}

/** Runs of primes with one logarithm, as the kernel takes them: index of the first, logarithm. */
export function slicesOf(logs: Uint8Array, firstBucket: number): readonly (readonly [number, number])[] {
  const slices: [number, number][] = [];
  let log = -1;
  let first = 0;
  for (let index = firstBucket; index < logs.length; index += 1) {
    const next = logs[index] ?? 0;
    // A slice starts with a group of four; the three before it that it may take along are off by one unit.
    if ((next !== log || index - first >= 1 << 16) && (index & 3) === 0) {
      slices.push([index, next]);
      [log, first] = [next, index];
    }
  }
  return slices;
}

/** Room for the entries of one block's bucket: the expected ones, and ten times their deviation. */
export function bucketRoom(primes: Uint32Array, firstBucket: number): number {
  let expected = 0;
  for (const p of primes.subarray(firstBucket)) expected += (2 * BLOCK) / p;
  return Math.ceil(expected + 10 * Math.sqrt(expected) + 64);
}
