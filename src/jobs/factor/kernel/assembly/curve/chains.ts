// Multiples by Lucas chains: PRAC of P. L. Montgomery, "Evaluating recurrences of form X(m+n) = f(X(m), X(n), X(m-n))
// via Lucas chains" (1983). Two numbers d > e begin with a prime p and its quotient by about the golden ratio, and go
// down to 1 by subtraction; the three points A, B and C = A - B follow, so that dA + eB stays the multiple that is
// wanted. Rules 1 to 9 are those of his table 4. A chain takes 9.0 products for each bit of the primes up to 10^6; the
// best of 250 more quotients near the golden ratio would take 8.9.

import { plus, twice } from './points';
import { width } from './rows';

/** Quotients near which chains are short: of continued fractions that end in ones. The first is the golden ratio. */
// @ts-ignore: decorator
@inline
function quotientOf(choice: u32): f64 {
  switch (choice) {
    case 0:
      return 1.61803398875;
    case 1:
      return 1.72360679775;
    case 2:
      return 1.618347119656;
    case 3:
      return 1.617914406529;
    case 4:
      return 1.612429949509;
    case 5:
      return 1.632839806089;
    case 6:
      return 1.620181980807;
    case 7:
      return 1.580178728295;
    case 8:
      return 1.617214616534;
    default:
      return 1.38196601125;
  }
}

const CHOICES: u32 = 10;

// @ts-ignore: decorator
@inline
function secondOf(prime: u32, choice: u32): u32 {
  return <u32>(<f64>prime / quotientOf(choice) + 0.5);
}

/** Writes for each of the primes (u32) the choice (u8) whose chain costs least. For 2 there is nothing to choose. */
export function chooseChains(primes: usize, choices: usize, count: u32): void {
  for (let place: u32 = 0; place < count; place++) {
    const prime = load<u32>(primes + place * 4);
    let best: u32 = 0;
    let least: u32 = u32.MAX_VALUE;
    for (let choice: u32 = 0; prime > 2 && choice < CHOICES; choice++) {
      const cost = costOf(prime, secondOf(prime, choice), least);
      if (cost < least) {
        least = cost;
        best = choice;
      }
    }
    store<u8>(choices + place, <u8>best);
  }
}

const PLUS: u32 = 6;
const TWICE: u32 = 5;

/** Products that a chain takes; any number from `limit` on when it takes more, or does not end in 1. */
function costOf(prime: u32, second: u32, limit: u32): u32 {
  let d: u32 = prime - second;
  let e: u32 = second * 2 - prime;
  let cost: u32 = TWICE + PLUS;
  while (d != e) {
    if (cost >= limit) return limit;
    if (d < e) {
      const swap = d;
      d = e;
      e = swap;
    }
    if (d - (e >> 2) <= e && (d + e) % 3 == 0) {
      d = (2 * d - e) / 3;
      e = (e - d) >> 1;
      cost += 3 * PLUS;
    } else if (d - (e >> 2) <= e && (d - e) % 6 == 0) {
      d = (d - e) >> 1;
      cost += PLUS + TWICE;
    } else if ((d + 3) >> 2 <= e) {
      d -= e;
      cost += PLUS;
    } else if (((d + e) & 1) == 0) {
      d = (d - e) >> 1;
      cost += PLUS + TWICE;
    } else if ((d & 1) == 0) {
      d >>= 1;
      cost += PLUS + TWICE;
    } else if (d % 3 == 0) {
      d = d / 3 - e;
      cost += 3 * PLUS + TWICE;
    } else if ((d + e) % 3 == 0) {
      d = (d - 2 * e) / 3;
      cost += 3 * PLUS + TWICE;
    } else if ((d - e) % 3 == 0) {
      d = (d - e) / 3;
      cost += 3 * PLUS + TWICE;
    } else {
      e >>= 1;
      cost += PLUS + TWICE;
    }
  }
  return d == 1 ? cost : limit;
}

/**
 * Multiplies a point by primes (u32) with their chains (u8), each as often as its power stays within `bound`. Needs
 * room for five points at `room`; the first is the point, before and after.
 */
export function multiplyByPrimes(room: usize, primes: usize, choices: usize, count: u32, bound: f64): void {
  for (let place: u32 = 0; place < count; place++) {
    const prime = load<u32>(primes + place * 4);
    const second = secondOf(prime, load<u8>(choices + place));
    for (let power = <f64>prime; power <= bound; power *= <f64>prime) {
      if (prime == 2) twice(room, room);
      else chain(room, prime, second);
    }
  }
}

/** The multiple of the point at `room` by an odd number from 3 on, in its place. */
function chain(room: usize, prime: u32, second: u32): void {
  const size = width * 2;
  let a = room;
  let b = room + size;
  let c = room + 2 * size;
  let t = room + 3 * size;
  let u = room + 4 * size;
  copy(b, a);
  copy(c, a);
  twice(a, a);
  let d: u32 = prime - second;
  let e: u32 = second * 2 - prime;
  while (d != e) {
    let swap: usize;
    if (d < e) {
      const smaller = d;
      d = e;
      e = smaller;
      swap = a;
      a = b;
      b = swap;
    }
    if (d - (e >> 2) <= e && (d + e) % 3 == 0) {
      d = (2 * d - e) / 3;
      e = (e - d) >> 1;
      plus(t, a, b, c);
      plus(u, t, a, b);
      plus(b, b, t, a);
      swap = a;
      a = u;
      u = swap;
    } else if (d - (e >> 2) <= e && (d - e) % 6 == 0) {
      d = (d - e) >> 1;
      plus(b, a, b, c);
      twice(a, a);
    } else if ((d + 3) >> 2 <= e) {
      d -= e;
      plus(t, b, a, c);
      swap = c;
      c = b;
      b = t;
      t = swap;
    } else if (((d + e) & 1) == 0) {
      d = (d - e) >> 1;
      plus(b, b, a, c);
      twice(a, a);
    } else if ((d & 1) == 0) {
      d >>= 1;
      plus(c, c, a, b);
      twice(a, a);
    } else if (d % 3 == 0) {
      d = d / 3 - e;
      twice(t, a);
      plus(u, a, b, c);
      plus(a, t, a, a);
      plus(t, t, u, c);
      swap = c;
      c = b;
      b = t;
      t = swap;
    } else if ((d + e) % 3 == 0) {
      d = (d - 2 * e) / 3;
      plus(t, a, b, c);
      plus(b, t, a, b);
      twice(t, a);
      plus(a, a, t, a);
    } else if ((d - e) % 3 == 0) {
      d = (d - e) / 3;
      plus(t, a, b, c);
      plus(c, c, a, b);
      swap = b;
      b = t;
      t = swap;
      twice(t, a);
      plus(a, a, t, a);
    } else {
      e >>= 1;
      plus(c, c, b, a);
      twice(b, b);
    }
  }
  plus(u, a, b, c);
  copy(room, u);
}

function copy(dst: usize, from: usize): void {
  memory.copy(dst, from, width * 2);
}
