/**
 * Numbers from 0 up to 1 that are the same for the same seeds, on every machine: xoshiro128** of Blackman and Vigna,
 * filled by splitmix32. `Math.random` cannot be seeded; a sweep that cannot be repeated cannot be checked.
 */
export function seededRandom(...seeds: readonly number[]): () => number {
  let mixed = 0;
  const next32 = () => {
    mixed = (mixed + 0x9e3779b9) | 0;
    let z = mixed;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return z ^ (z >>> 15);
  };
  for (const seed of seeds) mixed = next32() ^ seed;
  let [a, b, c, d] = [next32(), next32(), next32(), next32()];
  return () => {
    const result = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9);
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotateLeft(d, 11);
    return (result >>> 0) / 2 ** 32;
  };
}

function rotateLeft(bits: number, by: number): number {
  return (bits << by) | (bits >>> (32 - by));
}
