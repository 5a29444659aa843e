// What stage 2 is made of; the host (../../stage-two.ts) puts it together.

import { SCRATCH } from './layout';
import { products } from './pair';
import { plus, subtract, twice } from './points';
import { product } from './product';
import { width } from './rows';

/** dst = the multiple of a point by a scalar from 1 on, next = that by one more: Montgomery's ladder. */
export function ladder(dst: usize, next: usize, point: usize, scalar: u32): void {
  memory.copy(dst, point, width * 2);
  twice(next, point);
  for (let bit = 30 - clz<u32>(scalar); bit >= 0; bit--) {
    if ((scalar >> bit) & 1) {
      plus(dst, dst, next, point);
      twice(next, next);
    } else {
      plus(next, dst, next, point);
      twice(dst, dst);
    }
  }
}

/** Goes on with points one after another in memory, each the one before and `step`, from the two before `from` on. */
export function progress(from: usize, count: usize, step: usize): void {
  const size = width * 2;
  for (let at = from, end = from + count * size; at < end; at += size) plus(at, at - size, step, at - size * 2);
}

/** Writes to `to` the products of the Z of all points up to each (Montgomery's trick for many inverses). */
export function multiplyUp(points: usize, count: usize, to: usize): void {
  const size = width;
  memory.copy(to, points + size, size);
  for (let place: usize = 1; place < count; place++) {
    product(to + place * size, to + (place - 1) * size, points + (place * 2 + 1) * size);
  }
}

/** Puts the X/Z of each point in the place of the product at `to`; `inverse` is that of the last one, and changes. */
export function divideDown(points: usize, count: usize, to: usize, inverse: usize): void {
  const size = width;
  const own = SCRATCH;
  for (let place = count - 1; place > 0; place--) {
    const x = points + place * 2 * size;
    products(own, inverse, to + (place - 1) * size, inverse, inverse, x + size);
    product(to + place * size, own, x);
  }
  product(to, inverse, points);
}

/** The X of each point, for sequences. */
export function collect(points: usize, count: usize, to: usize): void {
  for (let place: usize = 0; place < count; place++) {
    memory.copy(to + place * width, points + place * 2 * width, width);
  }
}

/** Multiplies the differences of a giant and the babies with the given places (u16) to the two numbers at `both`. */
export function accumulate(both: usize, giant: usize, babies: usize, places: usize, count: usize): void {
  const first = SCRATCH;
  const second = SCRATCH + width;
  const size = width;
  const end = places + (count & ~1) * 2;
  for (; places < end; places += 4) {
    subtract(first, giant, babies + <usize>load<u16>(places) * size);
    subtract(second, giant, babies + <usize>load<u16>(places, 2) * size);
    products(both, both, first, both + size, both + size, second);
  }
  if (count & 1) {
    subtract(first, giant, babies + <usize>load<u16>(places) * size);
    product(both, both, first);
  }
}
