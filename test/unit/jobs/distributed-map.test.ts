import { expect } from 'chai';

import { DistributedMap } from '#dsage/jobs/distributed-map.js';
import type { DistributedMapTask } from '#dsage/jobs/distributed-map.js';
import type { JobContext } from '#dsage/jobs/context.js';
import type { DistributedJob } from '#dsage/jobs/distributed-job.js';
import { isJobClass } from '#dsage/jobs/job-class.js';
import { decodeValue, encodeValue } from '#dsage/wire/codec.js';

const context = { attempt: 1, index: 0, signal: new AbortController().signal } as unknown as JobContext;

/** As a worker has it: made from parameters that travelled. */
function onWorker(job: DistributedJob): DistributedJob {
  return DistributedMap.fromParameters(decodeValue(encodeValue(job.parameters)));
}

/** Runs all tasks, and collects their answers in the order of `places`. */
async function drive(
  job: DistributedJob<unknown, DistributedMapTask>,
  places: readonly number[],
): Promise<unknown> {
  const worker = onWorker(job);
  const tasks = [...(job.tasks() as Iterable<DistributedMapTask>)].map(
    (task) => decodeValue(encodeValue(task)) as DistributedMapTask,
  );
  for (const place of places) {
    const answer: unknown = await worker.compute(tasks[place], context);
    await job.collect(decodeValue(encodeValue(answer)), tasks[place]!, place);
  }
  return job.result;
}

describe('jobs/DistributedMap', () => {
  it('multiplies side by side, in whatever order answers come', async () => {
    const job = new DistributedMap(
      (a: number, b: bigint) => BigInt(a) * b,
      [
        [1, 2, 3],
        [4n, 5n, 6n, 7n],
      ],
    );
    expect(job.total).to.equal(3);
    expect(await drive(job, [2, 0])).to.deep.equal([4n, undefined, 18n]);
    expect(await drive(job, [1])).to.deep.equal([4n, 10n, 18n]);
  });

  it('brings its scope along, which the function may change', async () => {
    const offset = 10;
    const twice = (n: number) => 2 * n;
    const seen: number[] = [];
    const job = new DistributedMap(
      async (n: number) => {
        seen.push(n);
        return Promise.resolve(twice(n) + offset + seen.length);
      },
      [[1, 2]],
      { scope: { offset, twice, seen } },
    );
    expect(await drive(job, [0, 1])).to.deep.equal([13, 16]);
    expect(seen).to.deep.equal([]);
  });

  it('copies its inputs, and reads no further than they can go together', () => {
    const xs = [{ a: 1 }, { a: 2 }];
    function* naturals() {
      for (let n = 0; ; n++) yield n;
    }
    const job = new DistributedMap((x: { a: number }, n: number) => x.a + n, [xs, naturals()]);
    xs[0]!.a = 7;
    expect(Object.isFrozen(xs)).to.equal(false);
    expect(job.parameters.inputs).to.deep.equal([
      [{ a: 1 }, { a: 2 }],
      [0, 1],
    ]);
    expect([...job.tasks()][1]).to.deep.equal({ place: 1, args: [{ a: 2 }, 1] });
    expect(new DistributedMap((c: string) => c, ['abc']).total).to.equal(3);
    expect(new DistributedMap((n: number) => n, [[]]).result).to.deep.equal([]);
  });

  it('is a job class that is made again from its parameters', () => {
    expect(isJobClass(DistributedMap)).to.equal(true);
    expect(DistributedMap.module).to.match(/^file:.*distributed-map\.js$/);
    const job = new DistributedMap((n: number) => n + 1, [[1, 2]]);
    expect(onWorker(job).parameters).to.deep.equal(job.parameters);
    expect(() => DistributedMap.fromParameters({ inputs: [] })).to.throw(/made from \{ function, inputs \}/);
    expect(() => DistributedMap.fromParameters(undefined)).to.throw(/made from \{ function, inputs \}/);
  });

  it('refuses what cannot travel, and inputs that are none', () => {
    const K = 3;
    expect(() => new DistributedMap((n: number) => n + K, [[1]])).to.throw(/uses K \(line 1\)/);
    expect(() => new DistributedMap((n: unknown) => n, [[1, Symbol('s')]])).to.throw(
      /inputs\[0\]\[1\] is a symbol/,
    );
    expect(() => new DistributedMap((n: number) => n, [5] as never)).to.throw(/not a list of lists/);
    expect(() => new DistributedMap((n: number) => n, [] as never)).to.throw(/not a list of lists/);
  });
});
