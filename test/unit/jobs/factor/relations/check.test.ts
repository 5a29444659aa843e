import { expect } from 'chai';

import { checkRelations } from '#dsage/jobs/factor/relations/check.js';
import { joinBytes, packRelation, unpackRelations } from '#dsage/jobs/factor/relations/packed.js';
import type { Relation } from '#dsage/jobs/factor/relations/packed.js';
import type { SieveBase } from '#dsage/jobs/factor/sieve/base.js';
import { Random } from '../../../../support/random.js';
import { referenceBase, referenceSieve } from '../../../../support/reference-sieve.js';

const P = 100_000_000_000_031n;
const Q = 300_000_000_000_089n;
const base = referenceBase(P * Q, { primes: 120, largePrimes: 2, largeFactor: 20, multiplier: 3 });
const relations = sieve(base, 200);
const packed = joinBytes(relations.map((relation) => packRelation(base, relation)));
const [first = missing()] = relations;
const withLarge = (count: number) =>
  relations.find(({ largePrimes }) => largePrimes.length === count) ?? missing();

function sieve(of: SieveBase, count: number): Relation[] {
  const found: Relation[] = [];
  for (const relation of referenceSieve(of, 7)) {
    if (found.push(relation) === count) break;
  }
  return found;
}

function missing(): never {
  throw new Error('the sieve gave no such relation');
}

function check(relation: Relation): number | undefined {
  return checkRelations(base, packRelation(base, relation));
}

/** The definition, over BigInt. */
function isRight(relation: Relation): boolean {
  const { u, isNegative, factors, largePrimes } = relation;
  const bound = base.primes.at(-1) ?? 0;
  const areLargeGood = largePrimes.every((prime) => prime > bound && prime < base.largePrimeBound);
  const all = [...factors.map((factor) => base.primes[factor] ?? 0), ...largePrimes];
  const product = all.reduce((value, prime) => value * BigInt(prime), isNegative ? -1n : 1n);
  return areLargeGood && u !== 0n && u * u - base.kn === product;
}

describe('checkRelations', () => {
  it('counts right relations with 0, 1 and 2 large primes, negative and positive', () => {
    expect(checkRelations(base, packed)).to.equal(200);
    expect(new Set(relations.map(({ largePrimes }) => largePrimes.length)).size).to.equal(3);
    expect(new Set(relations.map(({ isNegative }) => isNegative)).size).to.equal(2);
    expect(relations.every(isRight)).to.equal(true);
    expect(checkRelations(base, new Uint8Array())).to.equal(0);
  });

  it('finds every bit that is turned, wherever it is', () => {
    let passed = 0;
    for (const relation of relations.slice(0, 25)) {
      const bytes = packRelation(base, relation);
      for (let bit = 0; bit < 8 * bytes.length; bit += 1) {
        const changed = Uint8Array.from(bytes);
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const count = checkRelations(base, changed);
        if (count === undefined) continue;
        passed += 1;
        expect(unpackRelations(base, changed).every(isRight), `bit ${bit}`).to.equal(true);
      }
    }
    expect(passed).to.equal(0);
  });

  it('finds every byte that is replaced, inserted or left out', () => {
    const random = new Random(3);
    const bytes = packRelation(base, withLarge(2));
    for (let place = 0; place < bytes.length; place += 1) {
      for (let value = 0; value < 256; value += 1) {
        if (value === bytes[place]) continue;
        const changed = Uint8Array.from(bytes);
        changed[place] = value;
        expect(checkRelations(base, changed), `${value} at ${place}`).to.equal(undefined);
      }
      const rest = bytes.subarray(place);
      const longer = joinBytes([bytes.subarray(0, place), Uint8Array.of(random.int(0, 255)), rest]);
      expect(checkRelations(base, longer), `longer at ${place}`).to.equal(undefined);
      const shorter = joinBytes([bytes.subarray(0, place), rest.subarray(1)]);
      expect(checkRelations(base, shorter), `shorter at ${place}`).to.equal(undefined);
    }
  });

  it('finds what has another form than the shortest', () => {
    const bytes = packRelation(base, withLarge(1));
    const resized = (changed: number[]) => Uint8Array.from([changed.length, 0, ...changed]);
    const rest = [...bytes.subarray(2)];
    expect(checkRelations(base, resized(rest))).to.equal(1);
    // A byte too many, and a last factor with a byte of zeros on top.
    expect(checkRelations(base, resized([...rest, 0]))).to.equal(undefined);
    const last = rest.at(-1) ?? 0;
    expect(last).to.be.lessThan(128);
    expect(checkRelations(base, resized([...rest.slice(0, -1), last | 128, 0]))).to.equal(undefined);
  });

  it('finds what is cut off, and wrong relations among right ones', () => {
    for (let length = 1; length < 200; length += 1) {
      const isWhole = lengths().includes(length);
      expect(checkRelations(base, packed.subarray(0, length)) !== undefined, `${length}`).to.equal(isWhole);
    }
    const wrong = packRelation(base, { ...first, isNegative: !first.isNegative });
    expect(checkRelations(base, joinBytes([packed, wrong, packed]))).to.equal(undefined);
    expect(checkRelations(base, Uint8Array.of(0xff, 0xff))).to.equal(undefined);
    expect(checkRelations(base, new Uint8Array(1000).fill(0xff))).to.equal(undefined);
  });

  it('finds random bytes, and lengths and indexes that are out of range', () => {
    const random = new Random(9);
    for (let round = 0; round < 2_000; round += 1) {
      const bytes = Uint8Array.from({ length: random.int(1, 80) }, () => random.int(0, 255));
      bytes[0] = bytes.length - 2;
      bytes[1] = 0;
      expect(checkRelations(base, bytes)).to.equal(undefined);
    }
    for (const index of [base.primes.length, 100_000, 2 ** 31, 2 ** 32 - 1]) {
      expect(check({ ...first, factors: [...first.factors, index] }), `${index}`).to.equal(undefined);
    }
    expect(check({ ...first, u: 0n })).to.equal(undefined);
    expect(check({ ...first, u: (1n << BigInt(8 * base.valueBytes)) - 1n })).to.equal(undefined);
    // So many factors make a product that is longer than any u^2.
    const many = Array.from({ length: 255 }, () => base.primes.length - 1);
    expect(check({ ...first, factors: many })).to.equal(undefined);
  });

  it('finds large primes that are out of range or too many', () => {
    const one = withLarge(1);
    const [large = 0] = one.largePrimes;
    const split = (factors: number[], largePrimes: number[]) => check({ ...one, factors, largePrimes });
    expect(split([...one.factors], [large])).to.equal(1);
    // The same product, with primes of the base among the large ones, or 1.
    const [some = 0] = one.factors.slice(-1);
    expect(split(one.factors.slice(0, -1), [base.primes[some] ?? 0, large])).to.equal(undefined);
    expect(split([...one.factors], [1, large])).to.equal(undefined);
    // The product of two large primes as one is another name for the same vertex twice, and as true.
    const wide = { ...base, largePrimeBound: 2 ** 32 };
    const pair = withLarge(2);
    const product = pair.largePrimes.reduce((a, b) => a * b, 1);
    expect(product).to.be.lessThan(2 ** 32);
    expect(checkRelations(wide, packRelation(wide, pair))).to.equal(1);
    expect(checkRelations(wide, packRelation(wide, { ...pair, largePrimes: [product] }))).to.equal(1);
    const fewer = { ...base, parameters: { ...base.parameters, largePrimes: 1 as const } };
    expect(checkRelations(fewer, packRelation(base, withLarge(2)))).to.equal(undefined);
    expect(checkRelations(fewer, packRelation(base, one))).to.equal(1);
    const lower = { ...base, largePrimeBound: large };
    expect(checkRelations(lower, packRelation(base, one))).to.equal(undefined);
    const barely = { ...base, largePrimeBound: large + 1 };
    expect(checkRelations(barely, packRelation(base, one))).to.equal(1);
    const { largePrimes, ...two } = withLarge(2);
    expect(check({ ...two, largePrimes: [...largePrimes].reverse() })).to.equal(undefined);
  });

  it('takes numbers of any length that fit a sieve', () => {
    // u^2 - kn = product, made by choosing u and its smooth difference, with n whatever comes out.
    for (const bits of [70, 128, 129, 300, 333, 512, 1_000]) {
      const u = (1n << BigInt((bits >> 1) + 5)) + 12_345n;
      const kn = u * u - 2n * 3n * 3n * 4_294_967_291n;
      const made: SieveBase = {
        ...{ n: kn, multiplier: 1, kn, primes: Uint32Array.of(2, 3, 11) },
        ...{ valueBytes: Math.ceil(bits / 16) + 6, largePrimeBound: 2 ** 32, parameters: base.parameters },
      };
      const relation = { u, isNegative: false, factors: [0, 1, 1], largePrimes: [4_294_967_291] };
      expect(checkRelations(made, packRelation(made, relation)), `${bits} bits`).to.equal(1);
      const other = { ...relation, u: u + (1n << BigInt(bits >> 1)) };
      expect(checkRelations(made, packRelation(made, other)), `${bits} bits`).to.equal(undefined);
      const larger = { ...made, kn: kn + 2n * u + 1n };
      const next = { ...relation, u: u + 1n };
      expect(checkRelations(larger, packRelation(larger, next)), `${bits} bits`).to.equal(1);
    }
    const huge = { ...base, kn: 1n << 8_000n, valueBytes: 506 };
    expect(() => checkRelations(huge, packed)).to.throw('too large');
  });
});

/** Where relations end. */
function lengths(): number[] {
  let sum = 0;
  return relations.map((relation) => (sum += packRelation(base, relation).length));
}
