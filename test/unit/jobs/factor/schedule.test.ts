import { expect } from 'chai';

import { Schedule } from '#dsage/jobs/factor/schedule.js';
import type { FactorTask } from '#dsage/jobs/factor/tasks.js';
import { sigmaOf } from '#dsage/jobs/factor/compute-curves.js';
import { levelsUpTo } from '#dsage/jobs/factor/levels.js';

const LARGE = 2n ** 256n + 1n;
const OTHER = 2n ** 253n + 1n;
const SIEVED = (10n ** 27n + 103n) * (10n ** 27n + 367n);
const SMALL = 1_000_000_007n * 1_000_000_009n;

function take(schedule: Schedule, count = Infinity): FactorTask[] {
  const tasks: FactorTask[] = [];
  while (tasks.length < count) {
    const task = schedule.next();
    if (task === undefined) break;
    tasks.push(task);
  }
  return tasks;
}

const curvesOf = (tasks: readonly FactorTask[], b1: number) =>
  tasks.reduce((sum, task) => sum + (task.method === 'ecm' && task.b1 === b1 ? task.curves : 0), 0);

describe('the schedule of a factorization', () => {
  it('goes from rho and p - 1 through the levels of ECM, and goes on with the last', () => {
    const schedule = new Schedule({ maxSieveDigits: 0 });
    schedule.add(LARGE);
    const tasks = take(schedule, 20_000);
    expect(tasks.slice(0, 3).map(({ method }) => method)).to.deep.equal(['rho', 'p-1', 'ecm']);
    for (const { b1, curves } of levelsUpTo().slice(0, -1))
      expect(curvesOf(tasks, b1), `${b1}`).to.equal(curves);
    expect(curvesOf(tasks, 11_000_000)).to.be.greaterThan(5_000);
  });

  it('gives every curve a number of its own, and a sigma', () => {
    const schedule = new Schedule({ maxSieveDigits: 0 });
    schedule.add(LARGE);
    const firsts = take(schedule, 500).flatMap((task) =>
      task.method === 'ecm' ? Array.from({ length: task.curves }, (_, curve) => task.first + curve) : [],
    );
    expect(firsts).to.deep.equal(firsts.map((_, place) => place));
    const sigmas = firsts.map((curve) => sigmaOf(LARGE, curve));
    expect(new Set(sigmas).size).to.equal(sigmas.length);
    expect(sigmas.every((sigma) => sigma >= 6n && sigma < 2n ** 61n + 6n)).to.equal(true);
  });

  it('gives small numbers to one task alone', () => {
    const schedule = new Schedule({ maxSieveDigits: 0 });
    schedule.add(SMALL);
    expect(take(schedule)).to.deep.equal([{ method: 'split', n: SMALL }]);
    expect(schedule.next()).to.equal(undefined);
    expect(schedule.stage).to.equal('splitting a 19-digit number');
  });

  it('keeps to its limits', () => {
    const limited = new Schedule({ maxB1: 11_000, maxSieveDigits: 0 });
    limited.add(LARGE);
    const tasks = take(limited);
    expect([curvesOf(tasks, 2_000), curvesOf(tasks, 11_000), tasks.length < 100]).to.deep.equal([
      25,
      88,
      true,
    ]);
    const between = new Schedule({ maxB1: 5_000, maxSieveDigits: 0 });
    between.add(LARGE);
    expect(curvesOf(take(between), 5_000)).to.equal(88);
    for (const maxCurves of [0, 1, 30]) {
      const few = new Schedule({ maxCurves, maxSieveDigits: 0 });
      few.add(LARGE);
      const all = take(few);
      expect(curvesOf(all, 2_000) + curvesOf(all, 11_000)).to.equal(maxCurves);
    }
  });

  it('sieves what the sieve can do, after a few curves and without an end', () => {
    const schedule = new Schedule({});
    schedule.add(SIEVED);
    const tasks = take(schedule, 60);
    const isCurve = tasks.map(({ method }) => method === 'ecm');
    expect(isCurve.lastIndexOf(true)).to.be.lessThan(20);
    expect(tasks.slice(isCurve.lastIndexOf(true) + 1).every(({ method }) => method === 'sieve')).to.equal(
      true,
    );
    expect(curvesOf(tasks, 2_000)).to.equal(25);
    expect(schedule.stage).to.match(/^sieving 0 %: 0 \+ 0 of [\d,]+ relations for a 55-digit number$/);
    const coefficients = tasks.flatMap((task) => (task.method === 'sieve' ? task.coefficients : []));
    expect(new Set(coefficients.map(String)).size).to.equal(coefficients.length);
    const firsts = tasks.flatMap((task) => (task.method === 'sieve' ? [task.first] : []));
    expect(firsts).to.deep.equal(firsts.toSorted((a, b) => a - b));
  });

  it('takes up the smaller of two numbers that are to be sieved', () => {
    const schedule = new Schedule({ maxCurves: 0 });
    schedule.add(LARGE);
    schedule.add(SIEVED);
    const tasks = take(schedule, 10).filter(({ method }) => method === 'sieve');
    expect(tasks.length).to.be.greaterThan(5);
    expect(new Set(tasks.map(({ n }) => n))).to.deep.equal(new Set([SIEVED]));
  });

  it('does not repeat for the parts what was done for the whole', () => {
    const schedule = new Schedule({ maxB1: 11_000, maxSieveDigits: 0 });
    schedule.add(LARGE);
    const [, minusOne, first, ...killed] = take(schedule, 9);
    schedule.answered(minusOne!);
    schedule.answered(first!);
    expect(curvesOf([first!, ...killed], 2_000)).to.equal(25);
    schedule.split({ before: LARGE, composites: [OTHER, SMALL] });
    const tasks = take(schedule);
    const ofOther = tasks.filter(({ n }) => n === OTHER);
    expect(ofOther[0]?.method).to.equal('rho');
    expect(ofOther.some(({ method }) => method === 'p-1')).to.equal(false);
    // Those that were killed are made up for.
    const given = first?.method === 'ecm' ? first.curves : 0;
    expect(given).to.be.within(1, 24);
    expect([curvesOf(ofOther, 2_000), curvesOf(ofOther, 11_000)]).to.deep.equal([25 - given, 88]);
    expect(tasks.filter(({ n }) => n === SMALL)).to.have.lengthOf(1);
    expect(tasks.some(({ n }) => n === LARGE)).to.equal(false);
  });

  it('says what it is at', () => {
    const schedule = new Schedule({ maxSieveDigits: 0 });
    expect(schedule.stage).to.equal('trial division');
    schedule.add(LARGE);
    expect(schedule.stage).to.equal('rho on a 78-digit number');
    take(schedule, 2);
    expect(schedule.stage).to.equal('P-1 on a 78-digit number');
    const [ecm] = take(schedule, 1);
    expect(schedule.stage).to.equal('ECM B1=2,000: 0/25 curves on a 78-digit number');
    schedule.answered(ecm!);
    expect(schedule.stage).to.match(/^ECM B1=2,000: [1-9]\d?\/25 curves on a 78-digit number$/);
  });
});
