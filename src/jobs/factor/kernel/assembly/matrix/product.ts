// Products of the matrix B of a system with blocks of 64 vectors: B x, and A x = B^T B x.

import { get32, get64, reserve } from './memory';
import { denseAt, denseWords, entriesAt, height, isNarrow, sparseRows, startsAt, width } from './system';
import { addProduct, innerProduct } from './words';

/** to = B x: `height()` words, the sparse rows first. */
export function multiplyMatrix(x: usize, to: usize): void {
  memory.fill(to, 0, <usize>height() * 8);
  if (isNarrow) scatter<u16>(x, to);
  else scatter<u32>(x, to);
  for (let word: u32 = 0; word < denseWords; word++) {
    innerProduct(denseAt + <usize>word * width * 8, x, width, to + <usize>(sparseRows + 64 * word) * 8);
  }
}

let imageAt: usize = 0;

/** to = B^T B x. */
export function multiplySymmetric(x: usize, to: usize): void {
  if (imageAt === 0) imageAt = reserve(<usize>height() * 8);
  multiplyMatrix(x, imageAt);
  if (isNarrow) gather<u16>(imageAt, to);
  else gather<u32>(imageAt, to);
  for (let word: u32 = 0; word < denseWords; word++) {
    addProduct(denseAt + <usize>word * width * 8, imageAt + <usize>(sparseRows + 64 * word) * 8, width, to);
  }
}

/** Adds each word of x to the rows that its column has. */
function scatter<T>(x: usize, to: usize): void {
  let at = entriesAt;
  for (let column: u32 = 0; column < width; column++) {
    const value = get64(x, column);
    const end = entriesAt + <usize>get32(startsAt, column + 1) * sizeof<T>();
    for (; at < end; at += sizeof<T>()) {
      const row = to + (<usize>load<T>(at) << 3);
      store<u64>(row, load<u64>(row) ^ value);
    }
  }
}

/** Sums the words of the rows that each column has. */
function gather<T>(rows: usize, to: usize): void {
  let at = entriesAt;
  for (let column: u32 = 0; column < width; column++) {
    let sum: u64 = 0;
    const end = entriesAt + <usize>get32(startsAt, column + 1) * sizeof<T>();
    for (; at < end; at += sizeof<T>()) sum ^= load<u64>(rows + (<usize>load<T>(at) << 3));
    store<u64>(to + (<usize>column << 3), sum);
  }
}
