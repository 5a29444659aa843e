import { expect } from 'chai';

import { instantiate } from '#dsage/jobs/factor/kernel/instantiate.js';
import type { Columns } from '#dsage/jobs/factor/relations/columns.js';
import { columnsOf } from '#dsage/jobs/factor/relations/columns.js';
import { findDependencies, solve } from '#dsage/jobs/factor/relations/matrix.js';
import type { DependencyProgress, MatrixKernel } from '#dsage/jobs/factor/relations/matrix.js';
import { joinBytes, packRelation } from '#dsage/jobs/factor/relations/packed.js';
import { Random } from '../../../../support/random.js';
import { referenceBase } from '../../../../support/reference-sieve.js';
import { syntheticColumns } from '../../../../support/synthetic-columns.js';

function run(columns: Columns, most?: number): { found: Uint32Array[]; progress: DependencyProgress[] } {
  const steps = solve(columns, most);
  const progress: DependencyProgress[] = [];
  for (;;) {
    const step = steps.next();
    if (step.done === true) return { found: step.value, progress };
    progress.push(step.value);
  }
}

function sumOf({ rows, starts, entries }: Columns, list: Iterable<number>): Uint8Array {
  const sum = new Uint8Array(rows);
  for (const column of list) {
    for (let i = starts[column] ?? 0; i < (starts[column + 1] ?? 0); i += 1) {
      const row = entries[i] ?? 0;
      sum[row] = (sum[row] ?? 0) ^ 1;
    }
  }
  return sum;
}

/** Throws unless all sums are zero and no list is a sum of others. */
function expectDependencies(columns: Columns, found: readonly Uint32Array[]): void {
  for (const list of found) {
    expect(sumOf(columns, list).some((bit) => bit === 1)).to.equal(false);
    expect(list.every((column, place) => place === 0 || column > (list[place - 1] ?? 0))).to.equal(true);
  }
  expect(rankOf(columns.count, found)).to.equal(found.length);
}

/** The rank of sets of numbers below `size`. */
function rankOf(size: number, sets: readonly Iterable<number>[]): number {
  const pivots: { readonly at: number; readonly bits: Uint8Array }[] = [];
  for (const set of sets) {
    const bits = new Uint8Array(size);
    for (const member of set) bits[member] = (bits[member] ?? 0) ^ 1;
    for (const pivot of pivots) {
      if (bits[pivot.at] === 1)
        for (let i = 0; i < size; i += 1) bits[i] = (bits[i] ?? 0) ^ (pivot.bits[i] ?? 0);
    }
    const at = bits.indexOf(1);
    if (at !== -1) pivots.push({ at, bits });
  }
  return pivots.length;
}

function columnsFrom(rows: number, lists: readonly (readonly number[])[]): Columns {
  const starts = new Uint32Array(lists.length + 1);
  for (const [place, list] of lists.entries()) starts[place + 1] = (starts[place] ?? 0) + list.length;
  return { count: lists.length, rows, starts, entries: Uint32Array.from(lists.flat()) };
}

/** Columns that have each row with a probability. Those rows do not merge, so what is solved has the size that is asked for. */
function randomColumns(rows: number, count: number, chance: number, seed: number): number[][] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => {
    const list: number[] = [];
    // The distance to the next one, for many rows with few ones.
    for (let row = -1; ; list.push(row)) {
      row += 1 + Math.floor(Math.log(1 - random.next()) / Math.log(1 - chance));
      if (row >= rows) return list;
    }
  });
}

describe('dependencies', () => {
  it('are all there are for small matrices of every shape', () => {
    const random = new Random(21);
    for (let round = 0; round < 200; round += 1) {
      const rows = random.int(1, 60);
      const lists = randomColumns(rows, random.int(0, 60), random.between(0.02, 0.6), round);
      const columns = columnsFrom(rows, lists);
      const { found } = run(columns, 64);
      const nullity = lists.length - rankOf(rows, lists);
      expect(found.length, `round ${round}`).to.equal(nullity);
      expectDependencies(columns, found);
    }
  });

  it('are as many as the rank leaves, by elimination', () => {
    // 500 rows of which the last 20 are sums of two others: the rank is 480 at most, and 500 columns have 20 dependencies.
    const lists = randomColumns(480, 500, 0.1, 22).map((list) => {
      const has = new Set(list);
      const sums = Array.from({ length: 20 }, (_, i) => i).filter((i) => has.has(i) !== has.has(i + 100));
      return [...list, ...sums.map((i) => 480 + i)];
    });
    const columns = columnsFrom(500, lists);
    const { found } = run(columns, 64);
    expect(found.length).to.equal(500 - rankOf(500, lists));
    expect(found.length).to.be.within(20, 22);
    expectDependencies(columns, found);
    expect(run(columns, 7).found).to.have.lengthOf(7);
  });

  it('come out of block Lanczos where merging leaves a large matrix', () => {
    for (const [rows, chance] of [
      [1_500, 0.02],
      [3_000, 0.01],
      [8_000, 0.003],
    ] as const) {
      const columns = columnsFrom(rows, randomColumns(rows, rows + 80, chance, rows));
      const { found, progress } = run(columns, 64);
      expect(progress.at(-1)?.size, 'columns left').to.be.greaterThan(1_000);
      expect(found.length).to.be.within(40, 64);
      expectDependencies(columns, found);
      expect(progress.map(({ fraction }) => fraction)).to.deep.equal(
        progress.map(({ fraction }) => fraction).sort((a, b) => a - b),
      );
    }
  });

  it('come out of block Lanczos where the excess is small, and where there is none', () => {
    // Nullity 12, the least that a block of 64 can be asked for; all of it is found.
    const few = columnsFrom(2_000, randomColumns(2_000, 2_012, 0.02, 31));
    const { found } = run(few, 64);
    expect(found).to.have.lengthOf(12);
    expectDependencies(few, found);
    // Independent columns: there is nothing to find, and nothing is claimed.
    const none = columnsFrom(3_000, randomColumns(3_000, 2_000, 0.02, 32));
    expect(run(none).found).to.have.lengthOf(0);
  });

  it('come out of matrices like those of a sieve with 20,000 primes', () => {
    const columns = syntheticColumns({ primes: 20_000, largePrimes: 1, excess: 96, seed: 41 });
    const { found, progress } = run(columns);
    expect(found).to.have.lengthOf(12);
    expectDependencies(columns, found);
    const last = progress.at(-1);
    expect(last?.stage).to.equal('solving');
    // Merging pays: of the columns, less than half are left.
    expect(last?.size).to.be.within(2_000, columns.count / 2);
  });

  it('are sought in a matrix of which few rows are dense', () => {
    const { count, rows, starts, entries } = syntheticColumns({
      ...{ primes: 10_000, largePrimes: 2, excess: 96, seed: 43 },
    });
    const kernel = instantiate('matrix') as MatrixKernel;
    kernel.begin(count, entries.length);
    new Uint32Array(kernel.memory.buffer, kernel.startsAddress(), count + 1).set(starts);
    new Uint32Array(kernel.memory.buffer, kernel.entriesAddress(), entries.length).set(entries);
    kernel.prepare(rows, 96);
    while (kernel.mergeStep() !== 0);
    const size = kernel.build();
    // The heaviest rows, some hundreds: with others the answer is the same, and takes much longer.
    expect(kernel.denseWordCount()).to.be.within(4, 6);
    expect(kernel.sparseEntries() / size).to.be.within(20, 40);
  });

  it('are the same again from the same relations', () => {
    const columns = syntheticColumns({ primes: 3_000, largePrimes: 2, excess: 96, seed: 42 });
    expect(run(columns).found).to.deep.equal(run(columns).found);
  });

  it('have no relation that is there twice, and none whose square is trivial', () => {
    const base = referenceBase(10n ** 29n + 319n, { primes: 20 });
    const random = new Random(51);
    const list = Array.from({ length: 60 }, (_, place) => ({
      ...{ u: BigInt(place + 5), isNegative: random.chance(0.5), largePrimes: [] },
      factors: Array.from({ length: 6 }, () => random.int(0, 19)).sort((a, b) => a - b),
    }));
    const once = joinBytes(list.map((relation) => packRelation(base, relation)));
    const found = findDependencies(base, joinBytes([once, once]), { most: 64 });
    expect(found.length).to.be.greaterThan(30);
    expect(found.flatMap((numbers) => [...numbers]).filter((number) => number >= list.length)).to.deep.equal(
      [],
    );
    expectDependencies(columnsOf(base, once), found);
  });

  it('end when somebody asks for it', () => {
    const base = referenceBase(10n ** 29n + 319n, { primes: 20 });
    const stop = new AbortController();
    stop.abort(new Error('enough'));
    expect(() => findDependencies(base, new Uint8Array(), { signal: stop.signal })).to.throw('enough');
    const stages: string[] = [];
    const found = findDependencies(base, new Uint8Array(), { onProgress: ({ stage }) => stages.push(stage) });
    expect(found).to.deep.equal([]);
    expect(stages).to.include('solving');
  });
});
