// Arithmetic modulo numbers of one word.

/** The modulus of what follows, an odd prime below 2^31, and its negative inverse modulo 2^32. */
let p: u64 = 0;
let negativeInverse: u32 = 0;

/** a b / 2^32 modulo p (Montgomery): numbers below are kept times 2^32. */
// @ts-ignore: decorator
@inline
function product(a: u64, b: u64): u64 {
  const whole = a * b;
  const reduced = (whole + <u64>(<u32>whole * negativeInverse) * p) >> 32;
  return reduced >= p ? reduced - p : reduced;
}

function power(base: u64, exponent: u32, one: u64): u64 {
  let result = one;
  let square = base;
  for (let left = exponent; left > 0; left >>= 1) {
    if (left & 1) result = product(result, square);
    square = product(square, square);
  }
  return result;
}

/** A square root of `value` modulo an odd prime below 2^31 of which it is a square: Tonelli and Shanks. */
export function squareRoot(value: u64, prime: u64): u64 {
  if (value == 0) return 0;
  p = prime;
  negativeInverse = 0 - inverseOfOdd(<u32>prime);
  const one = ((<u64>1) << 32) % p;
  return product(rootOf((value << 32) % p, one), 1);
}

function rootOf(value: u64, one: u64): u64 {
  if ((p & 3) == 3) return power(value, <u32>((p + 1) >> 2), one);
  const twos = ctz(p - 1);
  const odd = <u32>((p - 1) >> twos);
  // Anything that is no square generates the part of the group whose order is a power of 2.
  let generator = one + one >= p ? one + one - p : one + one;
  while (power(generator, <u32>((p - 1) >> 1), one) == one) {
    generator += one;
    if (generator >= p) generator -= p;
  }
  let c = power(generator, odd, one);
  let root = power(value, (odd + 1) >> 1, one);
  let rest = power(value, odd, one);
  let order = twos;
  while (rest != one) {
    let least: u64 = 0;
    for (let x = rest; x != one; x = product(x, x)) least++;
    let factor = c;
    for (let i: u64 = least + 1; i < order; i++) factor = product(factor, factor);
    root = product(root, factor);
    c = product(factor, factor);
    rest = product(rest, c);
    order = least;
  }
  return root;
}

/** The inverse of an odd number modulo 2^32: each step of Newton doubles the bits that hold. */
export function inverseOfOdd(odd: u32): u32 {
  let x = odd * 3 ^ 2;
  for (let i = 0; i < 3; i++) x *= 2 - odd * x;
  return x;
}

/** The inverse of an odd number modulo 2^64. */
export function inverseOfOdd64(odd: u64): u64 {
  let x = odd * 3 ^ 2;
  for (let i = 0; i < 4; i++) x *= 2 - odd * x;
  return x;
}

/** The greatest common divisor. */
export function gcd(a: u64, b: u64): u64 {
  while (b) {
    const rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}
