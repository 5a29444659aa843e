import { expect } from 'chai';

import { simulate } from './scenario.js';

const SEEDS = 4_000;
const BATCH = 250;

describe('simulation', () => {
  for (let first = 1; first <= SEEDS; first += BATCH) {
    it(`keeps every promise from seed ${String(first)} to ${String(first + BATCH - 1)}`, () => {
      let steps = 0;
      let jobs = 0;
      for (let seed = first; seed < first + BATCH; seed += 1) {
        const report = play(seed);
        steps += report.steps;
        jobs += report.jobs;
      }
      // A harness in which nothing happens would find nothing.
      expect(steps / BATCH).to.be.greaterThan(100);
      expect(jobs / BATCH).to.be.greaterThan(2);
    });
  }

  it('plays a seed the same way every time', () => {
    const [first, second] = [trace(7), trace(7)];
    expect(first.length).to.be.greaterThan(50);
    expect(second).to.deep.equal(first);
  });
});

function play(seed: number): ReturnType<typeof simulate> {
  try {
    return simulate(seed);
  } catch (error) {
    const advice = `Replay it with: DSAGE_SEED=${String(seed)} npm run simulate -- --trace`;
    throw new Error(`Seed ${String(seed)} failed. ${advice}`, { cause: error });
  }
}

function trace(seed: number): string[] {
  const lines: string[] = [];
  simulate(seed, (line) => lines.push(line));
  return lines;
}
