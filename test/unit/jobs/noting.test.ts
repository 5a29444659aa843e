import { setTimeout as sleep } from 'node:timers/promises';

import { expect } from 'chai';

import { DistributedFactor } from '#dsage/jobs/factor/distributed-factor.js';
import { DistributedJob } from '#dsage/jobs/distributed-job.js';
import { Noting } from '#dsage/jobs/noting.js';
import type { Note, TaskPort } from '#dsage/jobs/port.js';

/** Says whatever the test sets. */
class Talker extends DistributedJob<null, number, number, null> {
  says: unknown = '';
  part: number | undefined;

  override get id(): number {
    return 7;
  }

  override get stage(): string {
    if (this.says instanceof Error) throw this.says;
    return this.says as string;
  }

  override get fraction(): number | undefined {
    return this.part;
  }

  *tasks(): Generator<number> {
    yield 1;
  }

  compute(task: number): number {
    return task;
  }

  collect(): void {
    // Nothing is made of it.
  }

  get result(): null {
    return null;
  }
}

describe('the note of a job', function () {
  this.timeout(15_000);
  this.slow(10_000);

  it('is passed on at most once a second, when it changed, and stops no job', async () => {
    const job = new Talker(null);
    const notes: Note[] = [];
    const noting = new Noting(job, { note: (note: Note) => notes.push(note) } as unknown as TaskPort);
    const second = async (says: unknown, part?: number): Promise<void> => {
      job.says = 'is replaced within the second';
      await sleep(20);
      Object.assign(job, { says, part });
      await sleep(1_000);
    };
    await second('x'.repeat(600), 7);
    expect(notes.splice(0)).to.deep.equal([{ text: 'x'.repeat(500), fraction: 1 }]);
    await second('x'.repeat(600), 7);
    await second(new Error('of the job itself'));
    expect(notes).to.deep.equal([]);
    await second(5, Number.NaN);
    expect(notes.splice(0)).to.deep.equal([{ text: '', fraction: -1 }]);
    noting.close();
    await second('after the end');
    expect(notes).to.deep.equal([]);
  });

  it('of a DistributedFactor has the primes that are known, and the stage', () => {
    const p = 10n ** 30n + 57n;
    const q = 10n ** 31n + 33n;
    expect(new DistributedFactor(p * q).note).to.match(/^rho on a 62-digit number$/);
    expect(new DistributedFactor(12n * p * q).note).to.match(/^2\^2 \* 3 \* … : .* on a 62-digit number$/);
    const done = new DistributedFactor(-360);
    expect([done.note, done.fraction]).to.deep.equal(['-1 * 2^3 * 3^2 * 5', 1]);
    expect(new DistributedFactor(p * q).fraction).to.equal(undefined);
  });
});
