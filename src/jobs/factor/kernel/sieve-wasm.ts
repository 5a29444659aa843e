import { instantiate } from './instantiate.js';
import type { KernelMemory } from './instantiate.js';

/** The functions of `assembly/sieve.ts`, in the order in which they are called. Addresses are bytes of the memory. */
export interface SieveKernel extends KernelMemory {
  allocate(
    ...sizes: [
      count: number,
      firstSieved: number,
      firstBucket: number,
      blocks: number,
      form: number,
      valueBytes: number,
      mostFactors: number,
      slices: number,
      entriesOfBucket: number,
    ]
  ): void;
  setLargePrimes(bound: number, double: number): void;
  setUnexplained(unitsOfBit: number, most: number, uselessFrom: number, uselessTo: number): void;
  setUp(): void;
  setFactorCount(count: number): void;
  prepare(parts: number): void;
  switchSign(part: number, up: boolean): void;
  enterSide(side: number): void;
  sieveBlock(side: number, block: number, start: number): void;
  scanBlock(): number;
  /** A prime factor of a product of two primes below 2^63, 0 for a prime: what `harvest` does with cofactors. */
  splitCofactor(cofactor: bigint): bigint;
  harvest(side: number, block: number, from: number, count: number): number;
  setOutputBytes(bytes: number): void;
  outputLength(): number;
  primesAt(): number;
  squareRootsAt(): number;
  logsAt(): number;
  slicesAt(): number;
  numberAt(): number;
  stepAt(): number;
  inverseOfAAt(): number;
  offsetAt(): number;
  offsetPartsAt(): number;
  factorsOfAAt(): number;
  sieveAt(): number;
  partsAt(): number;
  outputAt(): number;
}

/** A new instance, with a memory of its own. */
export function loadSieveKernel(): SieveKernel {
  return instantiate('sieve') as SieveKernel;
}
