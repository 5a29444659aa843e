/**
 * What the prelude and the factoring need of whole numbers, in native BigInt. Pure. A product and its remainder by `%` take 0.3 µs for 256 bits
 * and 34 µs for 6,600; Montgomery's reduction written in BigInt was measured beside it, and gains nothing from 512 bits on.
 */

/** The greatest common divisor, not negative. */
export function gcd(a: bigint, b: bigint): bigint {
  let [x, y] = [a, b];
  while (y !== 0n) [x, y] = [y, x % y];
  return x < 0n ? -x : x;
}

/** The remainder that is not negative. */
export function modulo(a: bigint, n: bigint): bigint {
  const rest = a % n;
  return rest < 0n ? rest + n : rest;
}

/** The inverse of `a` modulo `n`; where there is none, the divisor of `n` that is why. */
export function inverse(a: bigint, n: bigint): { readonly value: bigint } | { readonly divisor: bigint } {
  let [r, next] = [n, modulo(a, n)];
  let [t, nextT] = [0n, 1n];
  while (next !== 0n) {
    const quotient = r / next;
    [r, next] = [next, r - quotient * next];
    [t, nextT] = [nextT, t - quotient * nextT];
  }
  return r === 1n ? { value: modulo(t, n) } : { divisor: r };
}

export function powerModulo(base: bigint, exponent: bigint, n: bigint): bigint {
  let result = 1n % n;
  let square = modulo(base, n);
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = (result * square) % n;
    square = (square * square) % n;
  }
  return result;
}

export function bitsOf(n: bigint): number {
  const hex = n.toString(16);
  return n === 0n ? 0 : (hex.length - 1) * 4 + parseInt(hex.charAt(0), 16).toString(2).length;
}

/** How many decimal digits a positive number has. */
export function digitsOf(n: bigint): number {
  return n.toString().length;
}

/** The whole part of the `k`-th root of a positive number, by Newton's iteration from above. */
export function integerRoot(n: bigint, k: number): bigint {
  if (k === 1 || n < 2n) return n;
  const exponent = BigInt(k);
  let root = 1n << BigInt(Math.ceil(bitsOf(n) / k));
  for (;;) {
    const better = ((exponent - 1n) * root + n / root ** (exponent - 1n)) / exponent;
    if (better >= root) return root;
    root = better;
  }
}
