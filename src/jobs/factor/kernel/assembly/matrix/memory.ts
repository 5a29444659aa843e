/** Memory is handed out from below to above and never taken back: one instance solves one matrix. */
let top: usize = (__heap_base + 15) & ~15;

/** Zeroed room of that many bytes, at a multiple of 16. Traps when the machine has no more. */
export function reserve(bytes: usize): usize {
  const at = top;
  top = (top + bytes + 15) & ~15;
  const pages = <i32>((top + 0xffff) >>> 16);
  const more = pages - memory.size();
  if (more > 0 && memory.grow(more) === -1) unreachable();
  return at;
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
