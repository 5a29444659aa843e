/**
 * Whether 2^p - 1 is prime, for a prime p, after Lucas and Lehmer: with s = 4 at first and s = s^2 - 2 after that,
 * it is when it divides the s that comes after p - 2 steps.
 */
export function isMersennePrime(p: number): boolean {
  if (p === 2) return true;
  const bits = BigInt(p);
  const m = (1n << bits) - 1n;
  let s = 4n;
  for (let step = 0; step < p - 2; step += 1) {
    s = s * s - 2n;
    // 2^p leaves 1 when divided by m: adding the high bits to the low ones is cheaper than a division.
    while (s > m) s = (s & m) + (s >> bits);
  }
  return s === 0n || s === m;
}

/** Whether a small number is prime. */
export function isPrime(n: number): boolean {
  for (let divisor = 2; divisor * divisor <= n; divisor += 1) if (n % divisor === 0) return false;
  return n > 1;
}
