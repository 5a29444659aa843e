import { gcd } from '../../code/prelude/arithmetic.js';
import { aurifeuillianFactors, aurifeuillianOrder, moebius } from './aurifeuille.js';
import { perfectPower } from './perfect-power.js';

/** More than this many divisors of the exponent would take longer than they save. */
const LARGEST_EXPONENT = 100_000;

/**
 * Divisors that a number has for being `b^e - 1` or `b^e + 1`: the values of the cyclotomic polynomials that `x^e - 1`
 * and `x^e + 1` are products of, some of them split once more (Aurifeuille). Their product is the number; `[n]` where
 * it has no such form. They may share small factors.
 *
 * @param n positive
 */
export function algebraicFactors(n: bigint): bigint[] {
  for (const sign of [1n, -1n]) {
    const [base, exponent] = perfectPower(n - sign);
    if (base < 2n || exponent < 2 || exponent > LARGEST_EXPONENT) continue;
    const orders = sign === -1n ? divisorsOf(exponent) : ordersOfSum(exponent);
    return orders.flatMap((order) => split(base, order));
  }
  return [n];
}

/** `x^e + 1` is `(x^2e - 1) / (x^e - 1)`. */
function ordersOfSum(exponent: number): number[] {
  return divisorsOf(2 * exponent).filter((order) => exponent % order !== 0);
}

/** The value of one cyclotomic polynomial, in two parts where Aurifeuille's identity says so. */
function split(base: bigint, order: number): bigint[] {
  const value = cyclotomic(base, order);
  const [s, t] = squareFreePart(base);
  const least = aurifeuillianOrder(s);
  const k = order / least;
  // The polynomial divides that of the least order at base^k, and base^k is s times a square for an odd k.
  if (s === 1 || !Number.isInteger(k) || k % 2 === 0) return [value];
  const h = BigInt(s) ** BigInt((k - 1) / 2) * t ** BigInt(k);
  for (const factor of aurifeuillianFactors(s, h) ?? []) {
    const part = gcd(factor, value);
    if (part > 1n && part < value) return [part, value / part];
  }
  return [value];
}

/** The product of `(b^d - 1)^mu(order / d)` over the divisors d of the order. */
function cyclotomic(base: bigint, order: number): bigint {
  let [above, below] = [1n, 1n];
  for (const d of divisorsOf(order)) {
    const sign = moebius(order / d);
    if (sign === 1) above *= base ** BigInt(d) - 1n;
    else if (sign === -1) below *= base ** BigInt(d) - 1n;
  }
  return above / below;
}

function divisorsOf(n: number): number[] {
  return Array.from({ length: n }, (_, place) => place + 1).filter((d) => n % d === 0);
}

/** `[s, t]` with `b = s t^2`; s is 1 where b is too large to say. */
function squareFreePart(base: bigint): [s: number, t: bigint] {
  let [s, t] = [base, 1n];
  for (let p = 2n; p * p <= s && p < 2_000n; p += 1n) {
    for (; s % (p * p) === 0n; s /= p * p) t *= p;
  }
  return s < 4_000_000n ? [Number(s), t] : [1, t];
}
