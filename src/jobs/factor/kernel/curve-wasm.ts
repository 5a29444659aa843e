import { instantiate } from './instantiate.js';

/**
 * The kernel in assembly/curve.ts. All arguments but counts, scalars and bounds are addresses in bytes; a point is two
 * numbers, X and Z.
 */
export interface CurveWasm {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  setWidth(pairs: number): void;
  /** Whether chains are about V(m) = x^m + x^-m from now on, instead of points. */
  setSequence(yes: boolean): void;
  product(dst: number, left: number, right: number): void;
  products(dst: number, left: number, right: number, dst2: number, left2: number, right2: number): void;
  squares(dst: number, a: number, dst2: number, b: number): void;
  chooseChains(primes: number, choices: number, count: number): void;
  multiplyByPrimes(room: number, primes: number, choices: number, count: number, bound: number): void;
  ladder(dst: number, next: number, point: number, scalar: number): void;
  progress(from: number, count: number, step: number): void;
  multiplyUp(points: number, count: number, to: number): void;
  divideDown(points: number, count: number, to: number, inverse: number): void;
  collect(points: number, count: number, to: number): void;
  accumulate(both: number, giant: number, babies: number, places: number, count: number): void;
}

/** A fresh instance, with a memory of its own. */
export function loadCurveWasm(): CurveWasm {
  return instantiate('curve') as CurveWasm;
}
