import { expect } from 'chai';

import { bitsOf, inverse, modulo } from '#dsage/code/prelude/arithmetic.js';
import { Lanes } from '#dsage/jobs/factor/kernel/lanes.js';
import { LANES } from '#dsage/jobs/factor/kernel/size.js';
import { MOST_BITS } from '#dsage/jobs/factor/kernel/size.js';
import { Random } from '../../../../support/random.js';

function randomBelow(limit: bigint, random: Random): bigint {
  let value = 0n;
  for (let bits = 0; bits < bitsOf(limit) + 32; bits += 32) {
    value = (value << 32n) + BigInt(random.int(0, 0xffff_ffff));
  }
  return value % limit;
}

/** Odd numbers with a size of bits, some of them all ones or nearly a power of two. */
function moduliOf(bits: number, random: Random): bigint[] {
  const top = 1n << BigInt(bits - 1);
  return [top + 1n, 2n * top - 1n, (top + randomBelow(top, random)) | 1n];
}

/** Factors of which something may go wrong, and others. */
function residues(n: bigint, random: Random): bigint[] {
  const special = [0n, 1n, 2n, n - 1n, n - 2n, n >> 1n, (n >> 1n) + 1n];
  return Array.from({ length: LANES }, () =>
    random.chance(0.2) ? random.pick(special) % n : randomBelow(n, random),
  );
}

/** The product that the kernel's numbers stand for, limb for limb as they are in memory. */
function valuesAt(lanes: Lanes, at: number): bigint[] {
  const words = new Int16Array(lanes.wasm.memory.buffer, at, lanes.size / 2);
  return Array.from({ length: LANES }, (_, lane) => {
    let value = 0n;
    for (let pair = lanes.size / 16 - 1; pair >= 0; pair -= 1) {
      const place = 8 * pair + 2 * lane;
      value = (value << 26n) + BigInt(words[place]! + 8192 * words[place + 1]!);
    }
    return value;
  });
}

describe('residues in lanes', () => {
  const random = new Random(8);
  const sizes = Array.from({ length: 47 }, (_, index) => 26 * (index + 2) - 4);
  const bits = [...new Set([2, 3, 13, 22, ...sizes, ...sizes.map((size) => size + 1), 64, 256, 512, 1_024])];

  it('multiply as BigInt does, on both sides of all limits of size', () => {
    for (const n of bits.filter((size) => size <= MOST_BITS).flatMap((size) => moduliOf(size, random))) {
      const lanes = new Lanes(n);
      const [a = 0, b = 0, c = 0, d = 0] = Array.from({ length: 4 }, () => lanes.allocate(lanes.size));
      const [first, second, third] = [residues(n, random), residues(n, random), residues(n, random)];
      lanes.write(a, first);
      lanes.write(b, second);
      lanes.write(c, third);
      expect(lanes.read(a)).to.deep.equal(first);
      lanes.wasm.product(d, a, b);
      const ab = first.map((value, lane) => (value * second[lane]!) % n);
      expect(lanes.read(d), `${n}`).to.deep.equal(ab);
      lanes.wasm.squares(d, a, c, c);
      expect(lanes.read(d), `${n}`).to.deep.equal(first.map((value) => (value * value) % n));
      expect(lanes.read(c), `${n}`).to.deep.equal(third.map((value) => (value * value) % n));
      lanes.write(c, third);
      // In places of their own, a square beside a product.
      lanes.wasm.products(a, a, b, c, c, c);
      expect(lanes.read(a), `${n}`).to.deep.equal(ab);
      expect(lanes.read(c), `${n}`).to.deep.equal(third.map((value) => (value * value) % n));
    }
  });

  it('hold the largest limbs that the formulas can make', () => {
    for (let pairs = 2; pairs <= 48; pairs += 1) {
      // A modulus whose limbs are as large as they can be, all of one sign or of both in turn.
      for (const limb of [() => 4_095, () => -4_096, (place: number) => (place % 2 === 0 ? 4_095 : -4_096)]) {
        let n = 255n;
        for (let place = 2 * pairs - 2; place >= 0; place -= 1) n = (n << 13n) + BigInt(limb(place) | 1);
        const lanes = new Lanes(n);
        expect(lanes.size).to.equal(16 * pairs);
        const unradix = inverse(1n << BigInt(26 * pairs), n);
        if (!('value' in unradix)) throw new Error('an even modulus');
        const [a = 0, b = 0, c = 0, d = 0] = Array.from({ length: 4 }, () => lanes.allocate(lanes.size));
        const words = new Int16Array(lanes.wasm.memory.buffer);
        for (const at of [a, b]) {
          for (let place = 0; place < lanes.size / 2; place += 1) {
            const isTop = place >= lanes.size / 2 - 8 && place % 2 === 1;
            // Sums of two: up to 2^13, and small where the number ends.
            words[at / 2 + place] = isTop ? random.pick([-200, 200]) : extreme(place, random);
          }
        }
        const left = valuesAt(lanes, a);
        const right = valuesAt(lanes, b);
        const expected = (x: readonly bigint[], y: readonly bigint[]) =>
          x.map((value, lane) => modulo(value * y[lane]! * unradix.value * unradix.value, n));
        lanes.wasm.product(c, a, b);
        expect(lanes.read(c), `${pairs} pairs`).to.deep.equal(expected(left, right));
        lanes.wasm.products(c, a, a, d, b, b);
        expect(lanes.read(c), `${pairs} pairs`).to.deep.equal(expected(left, left));
        expect(lanes.read(d), `${pairs} pairs`).to.deep.equal(expected(right, right));
        lanes.wasm.squares(c, a, d, b);
        expect(lanes.read(c), `${pairs} pairs`).to.deep.equal(expected(left, left));
        expect(lanes.read(d), `${pairs} pairs`).to.deep.equal(expected(right, right));
        for (const value of valuesAt(lanes, c)) expect(value < n && value > -n).to.equal(true);
      }
    }
  });

  it('multiply differences, however many, and evaluate points', () => {
    const n = 2n ** 127n - 1n;
    const lanes = new Lanes(n);
    const { wasm, size } = lanes;
    const values = Array.from({ length: 10 }, () => residues(n, random).map((value) => value || 1n));
    const babies = lanes.allocate(10 * size);
    for (const [place, value] of values.entries()) lanes.write(babies + place * size, value);
    const [giant = [], ...others] = values;
    const both = lanes.allocate(2 * size);
    const places = lanes.allocate(20);
    for (let count = 0; count <= 9; count += 1) {
      lanes.write(both, [1n, 1n, 1n, 1n]);
      lanes.write(both + size, [1n, 1n, 1n, 1n]);
      const chosen = others.map((_, place) => place + 1).slice(0, count);
      new Uint16Array(wasm.memory.buffer, places, count).set(chosen);
      wasm.accumulate(both, babies, babies, places, count);
      wasm.product(both, both, both + size);
      const expected = giant.map((value, lane) =>
        chosen.reduce((all, place) => modulo(all * (value - values[place]![lane]!), n), 1n),
      );
      expect(lanes.read(both), `${count} differences`).to.deep.equal(expected);
    }
    // The numbers as five points: X/Z of each with one inverse.
    const quotients = lanes.allocate(5 * size);
    wasm.multiplyUp(babies, 5, quotients);
    const inverses = lanes.read(quotients + 4 * size).map((value) => inverseOf(value, n));
    lanes.write(both, inverses);
    wasm.divideDown(babies, 5, quotients, both);
    for (let point = 0; point < 5; point += 1) {
      const expected = values[2 * point]!.map(
        (x, lane) => (x * inverseOf(values[2 * point + 1]![lane]!, n)) % n,
      );
      expect(lanes.read(quotients + point * size), `point ${point}`).to.deep.equal(expected);
    }
  });

  it('are refused where there is no room for them', () => {
    expect(() => new Lanes(1n << 100n)).to.throw(RangeError);
    expect(() => new Lanes(1n)).to.throw(RangeError);
    expect(() => new Lanes((1n << BigInt(MOST_BITS)) + 1n)).to.throw(RangeError);
    expect(new Lanes((1n << BigInt(MOST_BITS)) - 1n).size).to.equal(768);
  });

  it('keep apart what they are given room for, also when memory grows', () => {
    const lanes = new Lanes(1_000_003n);
    const first = lanes.allocate(lanes.size);
    lanes.write(first, [1n, 2n, 3n, 4n]);
    const large = lanes.allocate(10_000_000);
    const last = lanes.allocate(lanes.size);
    expect(large).to.equal(first + lanes.size);
    expect(last).to.equal(large + 10_000_000);
    lanes.write(last, [5n]);
    expect(lanes.read(first)).to.deep.equal([1n, 2n, 3n, 4n]);
    expect(lanes.read(last)).to.deep.equal([5n, 0n, 0n, 0n]);
    lanes.freeAll();
    expect(lanes.allocate(1)).to.equal(first);
  });
});

/** All lanes alike in one of four ways: the largest limbs, the smallest, both, or any. */
function extreme(place: number, random: Random): number {
  const lane = (place >> 1) % 4;
  if (lane === 0) return 8_190;
  if (lane === 1) return -8_192;
  return lane === 2 ? (place % 2 === 0 ? 8_190 : -8_192) : random.int(-8_192, 8_190);
}

function inverseOf(value: bigint, n: bigint): bigint {
  const inverted = inverse(value, n);
  if ('divisor' in inverted) throw new Error(`${value} has no inverse`);
  return inverted.value;
}
