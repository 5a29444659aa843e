import { expect } from 'chai';
import fc from 'fast-check';

import { IndexRuns } from '#dsage/server/core/index-runs.js';
import { JobQueue } from '#dsage/server/core/job-queue.js';

const SPAN = 40;

type Change =
  | { readonly type: 'add'; readonly first: number; readonly count: number }
  | { readonly type: 'delete'; readonly index: number }
  | { readonly type: 'take'; readonly max: number }
  | { readonly type: 'clear' };

const changes = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({ type: fc.constant('add' as const), first: place(), count: upTo(6) }),
    },
    { weight: 4, arbitrary: fc.record({ type: fc.constant('delete' as const), index: place() }) },
    { weight: 3, arbitrary: fc.record({ type: fc.constant('take' as const), max: upTo(5) }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('clear' as const) }) },
  ),
  { maxLength: 80 },
);

describe('IndexRuns', () => {
  it('is a set that is kept in order', () => {
    fc.assert(
      fc.property(changes, (list) => {
        const runs = new IndexRuns();
        const model = new Set<number>();
        for (const change of list) apply(runs, model, change);
      }),
      { numRuns: 2_000 },
    );
  });

  it('drops what was taken from the front, however much that is', () => {
    const runs = new IndexRuns();
    for (let index = 0; index < 5_000; index += 1) runs.add(index * 2);
    for (let index = 0; index < 4_000; index += 1) {
      expect(runs.takeFirst(9)).to.deep.equal({ first: index * 2, count: 1 });
      if (index % 7 === 0) {
        runs.add(index * 2);
        expect(runs.has(index * 2)).to.equal(true);
        expect(runs.takeFirst(1)).to.deep.equal({ first: index * 2, count: 1 });
      }
    }
    expect(runs.size).to.equal(1_000);
    expect([...runs.runs()].at(0)).to.deep.equal({ first: 8_000, count: 1 });
  });
});

describe('JobQueue', () => {
  it('is a sorted list without repeats', () => {
    const entry = fc.record({ add: fc.boolean(), id: fc.integer({ min: 1, max: 30 }) });
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 120 }), (list) => {
        const queue = new JobQueue();
        const model = new Set<number>();
        for (const { add, id } of list) {
          if (add) {
            queue.add(id);
            model.add(id);
          } else {
            queue.delete(id);
            model.delete(id);
          }
          const sorted = [...model].sort((a, b) => a - b);
          expect([...queue]).to.deep.equal(sorted);
          expect(queue.size).to.equal(sorted.length);
          expect(queue.first()).to.equal(sorted[0]);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('serves ten thousand jobs from the front, with some that come back', () => {
    const queue = new JobQueue();
    for (let id = 1; id <= 10_000; id += 1) queue.add(id);
    for (let id = 1; id <= 9_000; id += 1) {
      expect(queue.first()).to.equal(id);
      queue.delete(id);
      if (id % 100 === 0) {
        queue.add(id - 50);
        expect(queue.first()).to.equal(id - 50);
        queue.delete(id - 50);
      }
    }
    expect(queue.size).to.equal(1_000);
    expect([...queue]).to.have.lengthOf(1_000);
  });
});

function apply(runs: IndexRuns, model: Set<number>, change: Change): void {
  if (change.type === 'add') {
    for (const { first, count } of missing(model, change.first, change.count)) {
      runs.add(first, count);
      for (let index = first; index < first + count; index += 1) model.add(index);
    }
  } else if (change.type === 'delete') {
    expect(runs.delete(change.index)).to.equal(model.delete(change.index));
  } else if (change.type === 'take') {
    take(runs, model, change.max);
  } else {
    runs.clear();
    model.clear();
  }
  expect(indexesOf(runs)).to.deep.equal([...model].sort((a, b) => a - b));
  expect(runs.size).to.equal(model.size);
  for (let index = -1; index < SPAN + 8; index += 1) expect(runs.has(index)).to.equal(model.has(index));
}

function take(runs: IndexRuns, model: Set<number>, max: number): void {
  const least = model.size === 0 ? undefined : Math.min(...model);
  const run = runs.takeFirst(max);
  expect(run?.first).to.equal(least);
  if (run === undefined) return;
  expect(run.count).to.be.within(1, max);
  for (let index = run.first; index < run.first + run.count; index += 1) {
    expect(model.delete(index)).to.equal(true);
  }
  // It stops for the maximum or for a gap, and for nothing else.
  if (run.count < max) expect(model.has(run.first + run.count)).to.equal(false);
}

/** The runs of first … first + count - 1 that the set has not: `add` takes nothing twice. */
function missing(
  model: ReadonlySet<number>,
  first: number,
  count: number,
): { first: number; count: number }[] {
  const found: { first: number; count: number }[] = [];
  for (let index = first; index < first + count; index += 1) {
    if (model.has(index)) continue;
    const last = found.at(-1);
    if (last !== undefined && last.first + last.count === index) last.count += 1;
    else found.push({ first: index, count: 1 });
  }
  return found;
}

function indexesOf(runs: IndexRuns): number[] {
  const indexes: number[] = [];
  let end = -1;
  for (const { first, count } of runs.runs()) {
    // Neighbours are one run: that is what keeps a million waiting tasks small.
    expect(first).to.be.greaterThan(end);
    end = first + count;
    for (let index = first; index < end; index += 1) indexes.push(index);
  }
  return indexes;
}

function place(): fc.Arbitrary<number> {
  return fc.integer({ min: 0, max: SPAN });
}

function upTo(max: number): fc.Arbitrary<number> {
  return fc.integer({ min: 1, max });
}
