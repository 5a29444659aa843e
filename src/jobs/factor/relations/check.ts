import { bitsOf } from '../../../code/prelude/arithmetic.js';
import { DsageError } from '../../../model/errors.js';
import type { SieveBase } from '../sieve/base.js';
import { instantiate } from '../kernel/instantiate.js';
import type { KernelMemory } from '../kernel/instantiate.js';

/** What kernel/assembly/relations.ts exports. */
interface CheckKernel extends KernelMemory {
  setUp(primes: number, values: number, knLimbs: number, largeBound: number, large: number): number;
  numberAt(): number;
  room(bytes: number): number;
  count(bytes: number): number;
}

/** A base is written into a kernel once. */
const kernels = new WeakMap<SieveBase, CheckKernel>();

/**
 * How many packed relations the bytes are, or undefined when any of them is not: when a length or an index is out of its
 * range, when a large prime is not between the base and the bound, when a number has a needlessly long form, when u is 0,
 * or when u^2 - kn is not exactly the product. The order of factors and large primes is checked, repeated relations are
 * not. Nor is whether a large prime is prime: the relation is as true when it is not, and as good a part of squares.
 */
export function checkRelations(base: SieveBase, packed: Uint8Array): number | undefined {
  const kernel = kernelOf(base);
  const input = kernel.room(packed.length);
  if (input === 0) return undefined;
  new Uint8Array(kernel.memory.buffer).set(packed, input);
  const count = kernel.count(packed.length);
  return count < 0 ? undefined : count;
}

function kernelOf(base: SieveBase): CheckKernel {
  const known = kernels.get(base);
  if (known !== undefined) return known;
  const kernel = instantiate('relations') as CheckKernel;
  const limbs = Math.ceil(bitsOf(base.kn) / 32);
  const { primes, valueBytes, largePrimeBound, parameters } = base;
  const primesAt = kernel.setUp(primes.length, valueBytes, limbs, largePrimeBound, parameters.largePrimes);
  if (primesAt === 0) {
    throw new DsageError('limit-exceeded', `A sieve for ${bitsOf(base.kn)} bits is too large to check.`);
  }
  new Uint32Array(kernel.memory.buffer, primesAt, primes.length).set(primes);
  const number = new Uint32Array(kernel.memory.buffer, kernel.numberAt(), limbs);
  for (let limb = 0, rest = base.kn; limb < limbs; limb += 1, rest >>= 32n) {
    number[limb] = Number(rest & 0xffffffffn);
  }
  kernels.set(base, kernel);
  return kernel;
}
