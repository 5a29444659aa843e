// Where things stand in the kernel's memory, in bytes. The host (../../lanes.ts) knows HEAP and the first
// constants, and places all numbers from HEAP on.
//
// A number is a vector of four residues, one for each lane: four curves take the same steps side by side. A residue
// has 2 * pairs signed limbs of 13 bits, the lowest first; v128 number i holds, in the 32 bits of each lane, limb 2i
// (low half) and limb 2i + 1 (high half). So one i32x4.dot_i16x8_s makes eight products and adds them two and two.

/** Bits of a limb, with its sign. */
export const LIMB: i32 = 13;

/** -1/n modulo 2^26, in each lane. */
export const INVERSE: usize = 0x400;
/** 2^12 in each lane: what makes a signed limb unsigned. */
export const HALF: usize = 0x410;
/** 2^13 - 1 in each lane. */
export const LOW: usize = 0x420;
/** The high 16 bits of each lane. */
export const HIGH: usize = 0x430;
/** 2^12 in both halves of each lane. */
export const HALVES: usize = 0x440;

// Room for 97 columns and one more, for numbers of 96 limbs at most.
/** The columns of a product that is being made, and of the second one beside it. */
export const SUM: usize = 0x1000;
export const SUM2: usize = 0x1680;
/** The right factors: column k has limb k (low half) and limb k - 1 (high half). */
export const RIGHT: usize = 0x1d00;
export const RIGHT2: usize = 0x2380;
/** The modulus in the same way. */
export const MODULUS: usize = 0x2a00;

/** Numbers for the formulas of this kernel; the largest takes 768 bytes. */
export const SCRATCH: usize = 0x3100;
export const SCRATCH_NUMBERS: usize = 8;
/** (a + 2) / 4 of the curves; for sequences, 1 and 2. */
export const A24: usize = SCRATCH + SCRATCH_NUMBERS * 768;
export const ONE: usize = A24;
export const TWO: usize = A24 + 768;
export const HEAP: usize = 0x5000;
