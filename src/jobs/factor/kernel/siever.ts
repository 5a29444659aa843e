import { joinBytes } from '../relations/packed.js';
import type { SieveBase } from '../sieve/base.js';
import { BLOCK, sieveShape } from '../sieve/shape.js';
import type { SieveShape } from '../sieve/shape.js';
import { loadSieveKernel } from './sieve-wasm.js';
import type { SieveKernel } from './sieve-wasm.js';
import { bucketRoom, logsOf, slicesOf, thresholds } from './thresholds.js';
import type { Thresholds } from './thresholds.js';

/** Primes from this many blocks on are sieved by buckets. */
const BUCKETS_FROM = 1.5;
/** More factors than any `a` has. */
const MOST_FACTORS = 20;

/**
 * Sieves the polynomials of one number: self-initialising quadratic sieve (Contini, "Factoring integers with the
 * self-initializing quadratic sieve", 1997), with up to two large primes, in WebAssembly. One instance serves any
 * number of `a` one after the other, and holds the kernel's memory: 1.3 MB at 60 digits, 14 MB at 95.
 *
 *     siever.begin(a);
 *     while (siever.step(50)) await breath(); // 50 polynomials take 50 ms at 90 digits
 *     const relations = siever.take();
 */
export class Siever {
  readonly #base: SieveBase;
  readonly #shape: SieveShape;
  readonly #kernel: SieveKernel;
  readonly #thresholds: Thresholds;
  readonly #logs: Uint8Array;
  readonly #limbs: number;
  #a: readonly number[] = [];
  #polynomial = 0;
  #taken: Uint8Array[] = [];

  /** `kernel`: an instance that no other siever uses. */
  constructor(base: SieveBase, kernel: SieveKernel = loadSieveKernel()) {
    this.#base = base;
    this.#kernel = kernel;
    this.#shape = sieveShape(base);
    this.#thresholds = thresholds(base);
    this.#logs = logsOf(base.primes, this.#thresholds.scale);
    this.#limbs = Math.ceil(base.valueBytes / 4) + 1;
    this.#setUp();
  }

  /** All relations of all polynomials of `a`, given by the indexes of its factors, packed. */
  sieve(a: readonly number[]): Uint8Array {
    this.begin(a);
    while (this.step(1 << 10));
    return this.take();
  }

  /** How many polynomials an `a` has. */
  static polynomials(a: readonly number[]): number {
    return 2 ** (a.length - 1);
  }

  /** Polynomials of the present `a` that are sieved. */
  get done(): number {
    return this.#polynomial;
  }

  /** Takes up an `a`, by the indexes of its distinct factors in the base; what is left of the one before is dropped. */
  begin(a: readonly number[]): void {
    for (const index of this.#a) this.#bytes[this.#kernel.logsAt() + index] = this.#logs[index] ?? 0;
    this.#a = a;
    this.#polynomial = 0;
    this.#prepare();
    // An `a` divides no value by the pattern of the roots: its factors are tried one by one.
    for (const index of a) this.#bytes[this.#kernel.logsAt() + index] = 0;
  }

  /** Sieves the next polynomials, up to `count` of them; returns whether any are left. */
  step(count: number): boolean {
    const end = Math.min(this.#polynomial + count, Siever.polynomials(this.#a));
    for (; this.#polynomial < end; this.#polynomial += 1) {
      this.#switch();
      for (const side of [0, 1]) this.#sieveSide(side);
    }
    return this.#polynomial < Siever.polynomials(this.#a);
  }

  /** The relations found since the last call, packed. */
  take(): Uint8Array {
    this.#drain();
    const relations = joinBytes(this.#taken);
    this.#taken = [];
    return relations;
  }

  #sieveSide(side: number): void {
    const kernel = this.#kernel;
    kernel.enterSide(side);
    for (const [block, start] of this.#thresholds.starts.entries()) {
      kernel.sieveBlock(side, block, start);
      const count = kernel.scanBlock();
      for (let from = 0; from < count;) {
        from = kernel.harvest(side, block, from, count);
        if (from < count) this.#drain();
      }
    }
  }

  /** b of the next polynomial: in the order of the Gray code, one of its parts changes the sign. */
  #switch(): void {
    const index = this.#polynomial;
    if (index === 0) {
      this.#kernel.switchSign(MOST_FACTORS, true);
      return;
    }
    const part = 31 - Math.clz32(index & -index);
    this.#kernel.switchSign(part, ((index >> (part + 1)) & 1) === 0);
  }

  /** Lays out the kernel's memory and fills in all that is the same for every `a`. */
  #setUp(): void {
    const { kn, primes, valueBytes, largePrimeBound, parameters } = this.#base;
    const { form } = this.#shape;
    const kernel = this.#kernel;
    const { scale, unexplained, useless, doubleBound } = this.#thresholds;
    const firstSieved = firstFrom(primes, Math.max(3, parameters.smallBound));
    const firstBucket = Math.min(roundUp(firstFrom(primes, BUCKETS_FROM * BLOCK)), roundUp(primes.length));
    const slices = slicesOf(this.#logs, firstBucket);
    kernel.allocate(
      primes.length,
      firstSieved,
      firstBucket,
      parameters.blocks,
      form,
      valueBytes,
      MOST_FACTORS,
      slices.length,
      bucketRoom(primes, firstBucket),
    );
    this.#words(kernel.primesAt()).set(primes);
    this.#words(kernel.slicesAt()).set(slices.flat());
    this.#bytes.set(this.#logs, kernel.logsAt());
    this.#writeLong(kernel.numberAt(), kn, 2 * this.#limbs);
    kernel.setLargePrimes(largePrimeBound, doubleBound);
    kernel.setUnexplained(scale, unexplained, ...useless);
    kernel.setUp();
  }

  /**
   * The parts of b: with q a factor of `a`, the multiple of a / q that is a square root of kn modulo q. Any signs give
   * a b with b^2 = kn modulo a; for form 2, b is made odd by the sign of the first.
   */
  #prepare(): void {
    const kernel = this.#kernel;
    const { form } = this.#shape;
    const factors = this.#a.map((index) => this.#base.primes[index] ?? 0);
    const a = factors.reduce((product, q) => product * BigInt(q), 1n);
    const multiples = factors.map((q, place) => {
      const root = ((this.#words(kernel.squareRootsAt())[this.#a[place] ?? 0] ?? 0) * form) % q;
      const others = factors.reduce((product, other) => (other === q ? product : (product * other) % q), 1);
      const multiple = (root * inverseModulo(others, q)) % q;
      return Math.min(multiple, q - multiple);
    });
    const [first = 0] = multiples;
    const isOdd = multiples.filter((multiple) => multiple % 2 === 1).length % 2 === 1;
    if (form === 2 && !isOdd) multiples[0] = (factors[0] ?? 0) - first;
    const long = 4 * (this.#limbs + 1);
    for (const [place, multiple] of multiples.entries()) {
      const q = BigInt(factors[place] ?? 1);
      this.#writeLong(kernel.offsetPartsAt() + place * long, (a / q) * BigInt(multiple));
    }
    this.#writeLong(kernel.stepAt(), a * BigInt(form));
    this.#writeLong(kernel.inverseOfAAt(), inverseOfOdd(a, 32 * this.#limbs));
    this.#words(kernel.factorsOfAAt()).set(this.#a);
    this.#words(kernel.partsAt()).set(multiples.map((multiple) => (form === 2 ? multiple : 2 * multiple)));
    kernel.setFactorCount(this.#a.length);
    kernel.prepare(kernel.partsAt());
  }

  /** Takes the kernel's output over. */
  #drain(): void {
    const [at, length] = [this.#kernel.outputAt(), this.#kernel.outputLength()];
    if (length > 0) this.#taken.push(this.#bytes.slice(at, at + length));
    this.#kernel.setOutputBytes(0);
  }

  #writeLong(at: number, value: bigint, count = this.#limbs): void {
    const words = this.#words(at);
    for (let word = 0; word < count; word += 1) {
      words[word] = Number(BigInt.asUintN(32, value >> BigInt(32 * word)));
    }
  }

  /** The kernel's memory. Views are short-lived: the memory is another one once it has grown. */
  get #bytes(): Uint8Array {
    return new Uint8Array(this.#kernel.memory.buffer);
  }

  #words(at: number): Uint32Array {
    return new Uint32Array(this.#kernel.memory.buffer, at);
  }
}

/** The index of the first prime that is at least `bound`. */
function firstFrom(primes: Uint32Array, bound: number): number {
  const index = primes.findIndex((p) => p >= bound);
  return index < 0 ? primes.length : index;
}

/** To a whole group of four. */
function roundUp(index: number): number {
  return (index + 3) & ~3;
}

function inverseModulo(value: number, prime: number): number {
  let [r, next, t, nextT] = [prime, value % prime, 0, 1];
  while (next !== 0) {
    const quotient = Math.floor(r / next);
    [r, next, t, nextT] = [next, r - quotient * next, nextT, t - quotient * nextT];
  }
  return t < 0 ? t + prime : t;
}

/** The inverse of an odd number modulo 2^bits: each step of Newton doubles the bits that hold. */
function inverseOfOdd(odd: bigint, bits: number): bigint {
  let inverse = odd;
  for (let known = 3; known < bits; known *= 2)
    inverse = BigInt.asUintN(bits, inverse * (2n - odd * inverse));
  return inverse;
}
