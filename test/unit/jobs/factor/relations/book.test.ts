import { expect } from 'chai';
import fc from 'fast-check';

import { RelationBook } from '#dsage/jobs/factor/relations/book.js';
import { CycleCount } from '#dsage/jobs/factor/relations/cycle-count.js';
import { Numbering } from '#dsage/jobs/factor/relations/numbering.js';
import { joinBytes, packRelation, unpackRelations } from '#dsage/jobs/factor/relations/packed.js';
import type { Relation } from '#dsage/jobs/factor/relations/packed.js';
import { SeenValues } from '#dsage/jobs/factor/relations/seen-values.js';
import { Random } from '../../../../support/random.js';
import { referenceBase } from '../../../../support/reference-sieve.js';

const base = referenceBase(10n ** 29n + 319n, { primes: 20 });

/** Few vertices, so that there are cycles. */
const largePrimes = fc
  .array(fc.integer({ min: 1_000, max: 1_012 }), { maxLength: 2 })
  .map((primes) => primes.sort((a, b) => a - b));

function relationsWith(large: readonly (readonly number[])[]): Relation[] {
  return large.map((primes, place) => ({
    ...{ u: BigInt(place + 1), isNegative: false, factors: [], largePrimes: primes },
  }));
}

function pack(list: readonly Relation[]): Uint8Array {
  return joinBytes(list.map((relation) => packRelation(base, relation)));
}

/** How many independent products have only even powers of large primes: columns less the rank, by plain elimination. */
function independentSquares(list: readonly Relation[]): number {
  const pivots = new Map<number, bigint>();
  let dependent = 0;
  for (const relation of list) {
    let row = relation.largePrimes.reduce((bits, prime) => bits ^ (1n << BigInt(prime - 1_000)), 0n);
    for (; row !== 0n;) {
      const top = row.toString(2).length;
      const pivot = pivots.get(top);
      if (pivot === undefined) {
        pivots.set(top, row);
        break;
      }
      row ^= pivot;
    }
    if (row === 0n) dependent += 1;
  }
  return dependent;
}

describe('RelationBook', () => {
  it('counts as many cycles as there are independent squares, whatever the order', () => {
    fc.assert(
      fc.property(fc.array(largePrimes, { maxLength: 40 }), (large) => {
        const list = relationsWith(large);
        const book = new RelationBook(base);
        expect(book.add(pack(list))).to.deep.equal({ added: list.length, duplicates: 0 });
        const { full, partial, doublePartial, cycles, needed } = book.counts;
        const count = (wanted: number) => large.filter(({ length }) => length === wanted).length;
        expect([full, partial, doublePartial]).to.deep.equal([count(0), count(1), count(2)]);
        expect(full + cycles).to.equal(independentSquares(list));
        expect(book.isEnough).to.equal(full + cycles >= needed);
      }),
    );
  });

  it('gives on as many independent squares as it counts, and nothing that is useless', () => {
    fc.assert(
      fc.property(fc.array(largePrimes, { maxLength: 40 }), (large) => {
        const list = relationsWith(large);
        const book = new RelationBook(base);
        book.add(pack(list));
        const taken = unpackRelations(base, book.take());
        expect(independentSquares(taken)).to.equal(independentSquares(list));
        expect(list).to.include.deep.members(taken);
        const ends = taken.flatMap((relation) => relation.largePrimes);
        const once = ends.filter((prime) => ends.indexOf(prime) === ends.lastIndexOf(prime));
        expect(once).to.deep.equal([]);
        // The book has kept all of them.
        expect(book.take()).to.deep.equal(book.take());
      }),
    );
  });

  it('drops the longest cycles when there are too many', () => {
    const most = base.primes.length + 1 + 200;
    const fulls = Array.from({ length: most - 1 }, () => []);
    // Two cycles, of which one is enough: of 4 relations, and of 2.
    const long = [[1_001], [1_001, 1_003], [1_003, 1_005], [1_005]];
    const short = [[1_007], [1_007]];
    const book = new RelationBook(base);
    book.add(pack(relationsWith([...long, ...fulls, ...short])));
    expect(book.counts.cycles).to.equal(2);
    const taken = unpackRelations(base, book.take());
    expect(taken).to.have.lengthOf(most + 1);
    expect(taken.flatMap((relation) => relation.largePrimes)).to.deep.equal([1_007, 1_007]);
  });

  it('takes each |u| once', () => {
    const list = relationsWith([[], [1_001], [1_001, 1_003]]);
    const book = new RelationBook(base);
    expect(book.add(pack([...list, ...list.slice(1)]))).to.deep.equal({ added: 3, duplicates: 2 });
    expect(book.add(pack(list))).to.deep.equal({ added: 0, duplicates: 3 });
    expect(book.counts).to.deep.include({ full: 1, partial: 1, doublePartial: 1, cycles: 0 });
    expect(unpackRelations(base, book.take())).to.have.lengthOf(1);
  });

  it('keeps copies of its own, in their order, whatever is dropped between them', () => {
    const list = relationsWith([[1_001], [1_003], [1_001], [], [1_003], [1_001]]);
    const [a, b, c, d, e, f] = list.map((relation) => pack([relation])) as [Uint8Array, ...Uint8Array[]];
    const book = new RelationBook(base);
    const message = Buffer.concat([a, a, b, c, c, a, d, e, f, f] as Uint8Array[]);
    expect(book.add(message)).to.deep.equal({ added: 6, duplicates: 4 });
    message.fill(0);
    const values = unpackRelations(base, book.take()).map(({ u }) => u);
    expect(values).to.deep.equal(list.map(({ u }) => u));
  });

  it('asks for more relations than there are primes', () => {
    const book = new RelationBook(base);
    expect(book.counts.needed).to.be.within(base.primes.length + 10, base.primes.length + 100);
    const fulls = relationsWith(Array.from({ length: book.counts.needed }, () => []));
    book.add(pack(fulls.slice(1)));
    expect(book.isEnough).to.equal(false);
    book.add(pack(fulls));
    expect(book.isEnough).to.equal(true);
  });

  it('agrees with sets and maps while its tables grow', () => {
    const random = new Random(11);
    const numbering = new Numbering();
    const seen = new SeenValues();
    const numbers = new Map<number, number>();
    const values = new Set<string>();
    for (let round = 0; round < 60_000; round += 1) {
      const key = random.chance(0.5) ? random.int(0, 2 ** 32 - 1) : random.int(0, 5_000);
      if (!numbers.has(key)) numbers.set(key, numbers.size);
      if (numbering.numberOf(key) !== numbers.get(key)) expect.fail(`the number of ${key}`);
      const [low, high] = [random.int(0, 150), random.chance(0.5) ? random.int(0, 150) : 2 ** 32 - 1];
      const isNew = !values.has(`${low} ${high}`);
      values.add(`${low} ${high}`);
      if (seen.add(low, high) !== isNew) expect.fail(`the value ${low} ${high}`);
    }
    expect(numbering.size).to.equal(numbers.size);
  });

  it('counts cycles of many vertices as breadth first search would', () => {
    const random = new Random(12);
    const count = new CycleCount();
    const edges = Array.from(
      { length: 30_000 },
      () => [random.int(0, 20_000), random.int(0, 20_000)] as const,
    );
    for (const [a, b] of edges) count.addEdge(a, b);
    const neighbours = new Map<number, number[]>();
    for (const [a, b] of edges) {
      neighbours.set(a, [...(neighbours.get(a) ?? []), b]);
      neighbours.set(b, [...(neighbours.get(b) ?? []), a]);
    }
    const reached = new Set<number>();
    let components = 0;
    for (const root of neighbours.keys()) {
      if (reached.has(root)) continue;
      components += 1;
      reached.add(root);
      const queue = [root];
      for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
        const fresh = (neighbours.get(next) ?? []).filter((vertex) => !reached.has(vertex));
        for (const vertex of fresh) reached.add(vertex);
        queue.push(...fresh);
      }
    }
    expect(count.cycles).to.equal(edges.length + components - neighbours.size);
  });
});
