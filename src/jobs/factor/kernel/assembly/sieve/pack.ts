import { foundFactors, root, valueBytes } from './state';

/**
 * Packs a relation (see `relations`): u from `root`, the large primes as low and high word, `count` factors from
 * `foundFactors` in any order. Returns its bytes.
 */
export function packRelation(to: usize, negative: bool, largePrimes: u32, packed: u64, count: i32): usize {
  sortFactors(count);
  let at = to + 2;
  memory.copy(at, root, <usize>valueBytes);
  at += <usize>valueBytes;
  store<u8>(at, <u8>((negative ? 1 : 0) | (largePrimes << 1)));
  at += 1;
  for (let i: u32 = 0; i < largePrimes; i++) {
    store<u32>(at, <u32>(packed >> (32 * <u64>i)));
    at += 4;
  }
  store<u8>(at, <u8>count);
  at += 1;
  let before: u32 = 0;
  for (let i = 0; i < count; i++) {
    const index = load<u32>(foundFactors + (<usize>i << 2));
    let difference = index - before;
    before = index;
    while (difference >= 0x80) {
      store<u8>(at, <u8>(difference | 0x80));
      at += 1;
      difference >>= 7;
    }
    store<u8>(at, <u8>difference);
    at += 1;
  }
  store<u16>(to, <u16>(at - to - 2));
  return at - to;
}

/** By insertion: there are few, and most are in order. */
function sortFactors(count: i32): void {
  for (let i: usize = 1; i < <usize>count; i++) {
    const index = load<u32>(foundFactors + (i << 2));
    let j = i;
    for (; j > 0; j--) {
      const other = load<u32>(foundFactors + ((j - 1) << 2));
      if (other <= index) break;
      store<u32>(foundFactors + (j << 2), other);
    }
    store<u32>(foundFactors + (j << 2), index);
  }
}
