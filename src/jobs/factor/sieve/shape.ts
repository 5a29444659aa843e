import type { SieveBase } from './base.js';

/** Positions of one block: the bytes of the kernel's sieve. */
export const BLOCK = 1 << 15;

/** What the polynomials of a number have in common. */
export interface SieveShape {
  /** Positions on either side of 0. */
  readonly interval: number;
  /** u = form * a * x + b: 2 where kn = 1 modulo 8, so that u is always odd and 8 divides u^2 - kn. */
  readonly form: 1 | 2;
}

export function sieveShape(base: SieveBase): SieveShape {
  return { interval: base.parameters.blocks * BLOCK, form: (base.kn & 7n) === 1n ? 2 : 1 };
}
