import { BLOCK, candidates, sieve } from './state';

/** Lists the positions of the block whose top bit is set; returns how many. */
export function scanBlock(): i32 {
  let count: usize = 0;
  for (let at: usize = 0; at < <usize>BLOCK; at += 64) {
    const a = v128.load(sieve + at);
    const b = v128.load(sieve + at, 16);
    const c = v128.load(sieve + at, 32);
    const d = v128.load(sieve + at, 48);
    if (i8x16.bitmask(v128.or(v128.or(a, b), v128.or(c, d))) == 0) continue;
    let bits = <u64>i8x16.bitmask(a);
    bits |= <u64>i8x16.bitmask(b) << 16;
    bits |= <u64>i8x16.bitmask(c) << 32;
    bits |= <u64>i8x16.bitmask(d) << 48;
    for (; bits; bits &= bits - 1, count++) store<u16>(candidates + (count << 1), <u16>(at + <usize>ctz(bits)));
  }
  return <i32>count;
}
