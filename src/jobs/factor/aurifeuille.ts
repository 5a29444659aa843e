import { gcd } from '../../code/prelude/arithmetic.js';
import { isPrime } from '../../code/prelude/numbers.js';
import { jacobi } from './jacobi.js';

/** Working out the polynomials takes the square of it. */
const LARGEST_BASE = 2_000;

/** Polynomials C and D with C(x)^2 - n x D(x)^2 equal to a cyclotomic polynomial; coefficients from the lowest on. */
interface Aurifeuillian {
  readonly c: readonly bigint[];
  readonly d: readonly bigint[];
}

/**
 * The order of the cyclotomic polynomial that splits at `s t^2`, for a square-free s: that of s itself where s is 1
 * modulo 4, else of 2 s.
 */
export function aurifeuillianOrder(s: number): number {
  return s % 4 === 1 ? s : 2 * s;
}

/**
 * The two factors of a cyclotomic polynomial at `x = s h^2`: with the polynomials of Lucas it is
 * `C(x)^2 - s x D(x)^2 = (C - s h D)(C + s h D)`. Undefined for an s that is 1, too large or not square-free.
 *
 * Source: R. P. Brent, "On computing factors of cyclotomic polynomials", Math. Comp. 61 (1993), algorithm L.
 */
export function aurifeuillianFactors(s: number, h: bigint): [bigint, bigint] | undefined {
  if (s < 2 || s > LARGEST_BASE || !isSquareFree(s)) return undefined;
  const { c, d } = polynomials(s);
  const x = BigInt(s) * h * h;
  const [left, right] = [valueAt(c, x), BigInt(s) * h * valueAt(d, x)];
  return [left - right, left + right];
}

function polynomials(n: number): Aurifeuillian {
  const order = aurifeuillianOrder(n);
  const degree = phi(order) / 2;
  const q = (j: number): number => (j % 2 === 1 ? jacobi(n, j) : evenTerm(n, order, j));
  const c = [1n];
  const d = [1n];
  for (let k = 1; k <= degree / 2; k += 1) {
    let sum = 0n;
    for (let j = 0; j < k; j += 1) {
      sum += BigInt(n * q(2 * k - 2 * j - 1)) * (d[j] ?? 0n) - BigInt(q(2 * k - 2 * j)) * (c[j] ?? 0n);
    }
    c[k] = sum / BigInt(2 * k);
    sum = c[k] ?? 0n;
    for (let j = 0; j < k; j += 1) {
      sum += BigInt(q(2 * k + 1 - 2 * j)) * (c[j] ?? 0n) - BigInt(q(2 * k - 2 * j)) * (d[j] ?? 0n);
    }
    d[k] = sum / BigInt(2 * k + 1);
  }
  // Both read the same from either end.
  return { c: mirrored(c, degree), d: mirrored(d, degree - 1) };
}

function evenTerm(n: number, order: number, j: number): number {
  const common = Number(gcd(BigInt(order), BigInt(j)));
  const cosine = [1, 0, -1, 0][((((n - 1) * (j / 2)) % 4) + 4) % 4] ?? 0;
  return cosine === 0 ? 0 : moebius(order / common) * phi(common) * cosine;
}

function mirrored(half: readonly bigint[], degree: number): bigint[] {
  return Array.from({ length: degree + 1 }, (_, k) => half[Math.min(k, degree - k)] ?? 0n);
}

function valueAt(coefficients: readonly bigint[], x: bigint): bigint {
  return coefficients.reduceRight((value, coefficient) => value * x + coefficient, 0n);
}

function primeDivisors(n: number): number[] {
  return Array.from({ length: n - 1 }, (_, place) => place + 2).filter((p) => n % p === 0 && isPrime(p));
}

function isSquareFree(n: number): boolean {
  return primeDivisors(n).every((p) => n % (p * p) !== 0);
}

export function moebius(n: number): number {
  if (n === 1) return 1;
  const primes = primeDivisors(n);
  return primes.some((p) => n % (p * p) === 0) ? 0 : primes.length % 2 === 0 ? 1 : -1;
}

function phi(n: number): number {
  return primeDivisors(n).reduce((value, p) => (value / p) * (p - 1), n);
}
