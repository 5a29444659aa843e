/** Memory is handed out from below to above, and given back once: one instance solves one matrix. */
let top: usize = (__heap_base + 15) & ~15;
/** What was given back is handed out anew from here to there. */
let spareAt: usize = 0;
let spareEnd: usize = 0;

/** Zeroed room of that many bytes, at a multiple of 16. Traps when the machine has no more. */
export function reserve(bytes: usize): usize {
  const length = (bytes + 15) & ~15;
  if (length <= spareEnd - spareAt) {
    const at = spareAt;
    spareAt += length;
    memory.fill(at, 0, length);
    return at;
  }
  const at = top;
  top += length;
  const pages = <i32>((top + 0xffff) >>> 16);
  const more = pages - memory.size();
  if (more > 0 && memory.grow(more) === -1) unreachable();
  return at;
}

/** Gives back room of that many bytes that nobody needs any more. */
export function giveBack(at: usize, bytes: usize): void {
  spareAt = at;
  spareEnd = at + bytes;
}

// Short names for what every loop does: places in arrays of u32 and u64.

// @ts-ignore: decorator
@inline
export function get32(at: usize, place: u32): u32 {
  return load<u32>(at + (<usize>place << 2));
}

// @ts-ignore: decorator
@inline
export function set32(at: usize, place: u32, value: u32): void {
  store<u32>(at + (<usize>place << 2), value);
}

// @ts-ignore: decorator
@inline
export function get64(at: usize, place: u32): u64 {
  return load<u64>(at + (<usize>place << 3));
}

// @ts-ignore: decorator
@inline
export function set64(at: usize, place: u32, value: u64): void {
  store<u64>(at + (<usize>place << 3), value);
}
