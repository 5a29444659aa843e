// Arithmetic modulo primes below 2^31.

/** base^exponent modulo p. */
export function power(base: u64, exponent: u32, p: u64): u64 {
  let result: u64 = 1;
  let square = base % p;
  for (let left = exponent; left > 0; left >>= 1) {
    if (left & 1) result = (result * square) % p;
    square = (square * square) % p;
  }
  return result;
}

/** A square root of `value` modulo an odd prime p of which it is a square: Tonelli and Shanks. */
export function squareRoot(value: u64, p: u64): u64 {
  if (value == 0) return 0;
  if ((p & 3) == 3) return power(value, <u32>((p + 1) >> 2), p);
  const twos = ctz(p - 1);
  const odd = <u32>((p - 1) >> twos);
  let generator: u64 = 2;
  while (power(generator, <u32>((p - 1) >> 1), p) == 1) generator++;
  let c = power(generator, odd, p);
  let root = power(value, (odd + 1) >> 1, p);
  let rest = power(value, odd, p);
  let order = twos;
  while (rest != 1) {
    let least: u64 = 0;
    for (let x = rest; x != 1; x = (x * x) % p) least++;
    let factor = c;
    for (let i: u64 = least + 1; i < order; i++) factor = (factor * factor) % p;
    root = (root * factor) % p;
    c = (factor * factor) % p;
    rest = (rest * c) % p;
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
