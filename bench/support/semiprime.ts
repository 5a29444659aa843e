import { checkPrimeSync } from 'node:crypto';

/**
 * A product of two primes of about equal length with so many decimal digits: always the same one for the same digits
 * and seed, and nothing that a method finds easier than others.
 */
export function semiprime(digits: number, seed = 1): bigint {
  const half = 10n ** BigInt(Math.ceil(digits / 2) - 1);
  for (let attempt = seed; ; attempt += 1000) {
    const p = primeFrom(2n * half + scatter(half, 2 * attempt));
    const q = primeFrom((10n ** BigInt(digits) * 4n) / (10n * p) + scatter(half, 2 * attempt + 1) / 8n);
    if (p !== q && String(p * q).length === digits) return p * q;
  }
}

function primeFrom(start: bigint): bigint {
  let candidate = start | 1n;
  while (!checkPrimeSync(candidate)) candidate += 2n;
  return candidate;
}

/** A number below the limit that looks random. */
function scatter(limit: bigint, seed: number): bigint {
  let value = BigInt(seed) + 1n;
  for (let round = 0; round < 12; round += 1)
    value = (value * 6_364_136_223_846_793_005n + 1_442_695_040_888_963_407n) % 2n ** 400n;
  return value % limit;
}
