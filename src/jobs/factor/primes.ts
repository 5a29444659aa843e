/** The primes up to a limit, in order: the sieve of Eratosthenes over odd numbers. */
export function primesUpTo(limit: number): number[] {
  if (limit < 2) return [];
  const primes = [2];
  const half = (limit - 1) >> 1;
  const isComposite = new Uint8Array(half + 1);
  for (let place = 1; place <= half; place += 1) {
    if (isComposite[place] === 1) continue;
    const prime = 2 * place + 1;
    primes.push(prime);
    for (let multiple = (prime * prime - 1) / 2; multiple <= half; multiple += prime)
      isComposite[multiple] = 1;
  }
  return primes;
}

/** Which of the numbers from `first` on, `length` of them, are prime (1). `small` has the primes up to the root of the last. */
export function sieveBlock(first: number, length: number, small: readonly number[]): Uint8Array {
  const isPrime = new Uint8Array(length).fill(1);
  for (let number = first; number < 2 && number < first + length; number += 1) isPrime[number - first] = 0;
  for (const prime of small) {
    if (prime * prime >= first + length) break;
    const start = Math.max(prime * prime, Math.ceil(first / prime) * prime);
    for (let place = start - first; place < length; place += prime) isPrime[place] = 0;
  }
  return isPrime;
}
