/** So many curves take the same steps side by side, one in each lane of the processor's vectors: they take no longer than one. */
export const LANES = 4;

/** Bits of a limb of the kernel's numbers, which come in pairs. */
export const LIMB = 13;

/** R, one more than the largest number of all limbs, is at least 2^4 n. */
const SPARE_BITS = 4;
const LEAST_PAIRS = 2;
export const MOST_PAIRS = 48;

/** The largest modulus of the kernel, in bits. */
export const MOST_BITS = 2 * LIMB * MOST_PAIRS - SPARE_BITS;

/** Pairs of limbs for a modulus of so many bits. */
export function pairsFor(bits: number): number {
  return Math.max(LEAST_PAIRS, Math.ceil((bits + SPARE_BITS) / (2 * LIMB)));
}
