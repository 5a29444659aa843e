import { bitsOf } from '../../../code/prelude/arithmetic.js';

/** The logarithm of a positive number of any size. */
export function log2(n: bigint): number {
  const shift = Math.max(0, bitsOf(n) - 53);
  return Math.log2(Number(n >> BigInt(shift))) + shift;
}
