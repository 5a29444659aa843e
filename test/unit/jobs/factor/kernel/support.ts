import { inverse, modulo, powerModulo } from '#dsage/code/prelude/arithmetic.js';
import type { SieveBase } from '#dsage/jobs/factor/sieve/base.js';

/** A relation of the sieve: u^2 - kn is the product of the factors (indexes), large primes and the sign. */
export interface Unpacked {
  readonly u: bigint;
  readonly negative: boolean;
  readonly largePrimes: readonly number[];
  readonly factors: readonly number[];
}

/** Reads packed relations by the contract, with no knowledge of how they were written. */
export function unpack(packed: Uint8Array, base: SieveBase): Unpacked[] {
  const relations: Unpacked[] = [];
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  for (let at = 0; at < packed.length;) {
    const end = at + 2 + view.getUint16(at, true);
    relations.push(unpackOne(new DataView(packed.buffer, packed.byteOffset + at + 2, end - at - 2), base));
    at = end;
  }
  return relations;
}

function unpackOne(view: DataView, base: SieveBase): Unpacked {
  let at = 0;
  const byte = () => view.getUint8(at++);
  let u = 0n;
  for (let place = 0; place < base.valueBytes; place += 1) u += BigInt(byte()) << BigInt(8 * place);
  const flags = byte();
  const largePrimes = Array.from({ length: flags >> 1 }, () => {
    at += 4;
    return view.getUint32(at - 4, true);
  });
  let index = 0;
  const factors = Array.from({ length: byte() }, () => {
    let shift = 0;
    for (let more = true; more; shift += 7) {
      const part = byte();
      index += (part & 0x7f) << shift;
      more = part > 0x7f;
    }
    return index;
  });
  if (at !== view.byteLength) throw new Error(`a relation of ${view.byteLength} bytes has ${at}`);
  return { u, negative: (flags & 1) === 1, largePrimes, factors };
}

/** What a relation says u^2 - kn is. */
export function productOf({ negative, factors, largePrimes }: Unpacked, base: SieveBase): bigint {
  const primes = [...factors.map((index) => base.primes[index] ?? 0), ...largePrimes];
  return primes.reduce((product, p) => product * BigInt(p), negative ? -1n : 1n);
}

/** The first number from `from` on that passes Fermat's test, a prime for all that matters here. */
export function primeFrom(from: bigint): bigint {
  for (let n = from | 1n; ; n += 2n) if (powerModulo(2n, n - 1n, n) === 1n) return n;
}

/** A product of two primes of `digits / 2` digits, which start with the digits of pi and of e. */
export function semiprime(digits: number): bigint {
  const scaled = (n: bigint, length: number) => (n * 10n ** BigInt(length)) / 10n ** 16n;
  const p = primeFrom(scaled(3_141_592_653_589_793n, Math.ceil(digits / 2)));
  return p * primeFrom(scaled(7_182_818_284_590_452n, Math.floor(digits / 2)));
}

/** Square roots of kn modulo `a` of distinct primes, up to the sign: those b with b <= a / 2. */
export function rootsModulo(kn: bigint, factors: readonly number[]): bigint[] {
  const a = factors.reduce((product, q) => product * BigInt(q), 1n);
  let roots = [0n];
  for (const q of factors.map(BigInt)) {
    let root = 0n;
    while (modulo(root * root - kn, q) !== 0n) root += 1n;
    const rest = inverse(a / q, q);
    if ('divisor' in rest) throw new Error('the factors are not distinct primes');
    const part = (a / q) * modulo(root * rest.value, q);
    roots = roots.flatMap((b) => [modulo(b + part, a), modulo(b - part, a)]);
  }
  return roots.filter((b) => 2n * b <= a);
}
