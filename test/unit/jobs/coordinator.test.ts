import { setImmediate as nextTurn } from 'node:timers/promises';

import { expect } from 'chai';
import fc from 'fast-check';

import { Coordinator, type CoordinatorOptions } from '#dsage/jobs/coordinator.js';
import { DistributedJob, type FailureDecision, NOT_YET, type NotYet } from '#dsage/jobs/distributed-job.js';
import { DsageError } from '#dsage/model/errors.js';
import { Random } from '../../support/random.js';
import { SimulatedServer } from '../../support/simulated-port.js';

/** Explores a tree: what a task finds decides which tasks come. */
class Search extends DistributedJob<{ readonly limit: number }, number, number, number[]> {
  readonly log: string[] = [];
  #found: number[] = [];

  *tasks(): Generator<number> {
    for (let next = 1; next <= 12; next += 1) {
      this.log.push(`makes ${String(next)} after ${String(this.#found.length)}`);
      yield next;
    }
  }

  compute(task: number): number {
    return task * 3 + 1;
  }

  collect(answer: number, task: number, index: number): void {
    this.log.push(`collects ${String(task)} (${String(index)})`);
    this.#found.push(answer);
    if (task < this.parameters.limit && answer % 2 === 0) {
      this.submit(task * 10);
      this.submit(task * 10 + 1);
    }
  }

  get result(): number[] {
    return this.#found.toSorted((a, b) => a - b);
  }
}

/** Works in rounds: the tasks of one are made of all answers of the round before. */
class Rounds extends DistributedJob<{ readonly limit: number }, number, number, number[]> {
  #open = 0;
  #sum = 0;
  readonly #sums: number[] = [];

  *tasks(): Generator<number | NotYet> {
    for (let round = 0; round < 6; round += 1) {
      for (let n = 0; n < 5; n += 1) {
        this.#open += 1;
        yield (this.#sums.at(-1) ?? 1) + n;
      }
      while (this.#open > 0) yield NOT_YET;
      this.#sums.push(this.#sum);
    }
  }

  compute(task: number): number {
    return (task * 7 + 3) % 1009;
  }

  collect(answer: number): void {
    this.#open -= 1;
    this.#sum += answer;
  }

  get result(): number[] {
    return this.#sums;
  }
}

/** Lets everything settle: the coordinator, the server and the way between them. */
async function settle(server: SimulatedServer, port: ReturnType<SimulatedServer['port']>): Promise<void> {
  for (let idle = 0; idle < 40;) {
    port.deliver();
    const worked = port.isPaused ? false : await server.work();
    port.tell();
    await nextTurn();
    idle = worked ? 0 : idle + 1;
  }
}

function run(job: DistributedJob, worker: DistributedJob = job, options: CoordinatorOptions = {}) {
  const server = new SimulatedServer(worker, new Random(1));
  const port = server.port();
  const coordinator = new Coordinator(job, port, options).start();
  return { server, port, coordinator, settled: () => settle(server, port) };
}

describe('a coordinator', () => {
  it('runs a job to its end, and gives the result to the server', async () => {
    const job = new Search({ limit: 100 });
    const { server, settled } = run(job);
    await settled();
    expect(job).to.include({ done: true, status: 'completed', id: 7 });
    expect(await job.wait()).to.deep.equal(job.result);
    expect(server.end).to.deep.include({ status: 'completed', result: job.result });
    expect(job.progress).to.include({ failed: 0, completed: server.tasks.length, total: undefined });
    expect(job.result).to.include(3 * 30 + 1);
  });

  it('keeps no more tasks in flight than it takes to fill the slots, at first', async () => {
    class Endless extends Search {
      override *tasks() {
        for (let next = 1; ; next += 2) yield next;
      }
    }
    const job = new Endless({ limit: 0 });
    const { server, port, coordinator } = run(job);
    server.slots = 50;
    port.deliver();
    await nextTurn();
    port.deliver();
    expect(server.tasks.length).to.be.within(8, 100);
    server.slots = 200;
    coordinator.onRoom();
    await nextTurn();
    await nextTurn();
    port.deliver();
    expect(server.tasks).to.have.lengthOf(400);
    await job.stop();
    port.tell();
    await nextTurn();
    expect(job.status).to.equal('killed');
  });

  for (const Class of [Search, Rounds]) {
    it(`goes on with any crash, with no answered task computed again and the same result: ${Class.name}`, () =>
      survivesCrashes(Class));
  }

  async function survivesCrashes(Class: typeof Search | typeof Rounds) {
    const undisturbed: DistributedJob = new Class({ limit: 200 });
    await run(undisturbed).settled();
    expect(undisturbed.status).to.equal('completed');
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        const random = new Random(seed);
        const server = new SimulatedServer(new Class({ limit: 200 }), random);
        for (let life = 0; life < 30; life += 1) {
          const job: DistributedJob = new Class({ limit: 200 });
          const port = server.port();
          new Coordinator(job, port).start();
          const isLast = life === 29;
          for (let turn = 0; turn < (isLast ? 10_000 : random.int(0, 25)) && !job.done; turn += 1) {
            if (random.chance(0.7)) port.deliver(random.int(0, 3));
            if (random.chance(0.6)) await server.work();
            if (random.chance(0.7)) port.tell(random.int(0, 3));
            await nextTurn();
          }
          if (!job.done) {
            // As by kill -9: nothing of it is heard again, and what was on its way may have arrived or not.
            if (random.chance(0.5)) port.deliver(random.int(0, 2));
            continue;
          }
          expect(job.result).to.deep.equal(undisturbed.result);
          expect(new Set(server.computed)).to.deep.equal(new Set([1]));
          return;
        }
        throw new Error('it never ended');
      }),
      { numRuns: 150 },
    );
  }

  it('lets tasks() and collect() see what they saw, each at its point', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        const random = new Random(seed);
        const first = new Search({ limit: 100 });
        const server = new SimulatedServer(new Search({ limit: 100 }), random);
        const port = server.port();
        new Coordinator(first, port).start();
        for (let turn = random.int(0, 40); turn > 0; turn -= 1) {
          if (random.chance(0.7)) port.deliver(random.int(0, 3));
          if (random.chance(0.6)) await server.work();
          if (random.chance(0.7)) port.tell(random.int(0, 3));
          await nextTurn();
        }
        const generated = server.tasks.filter((record) => (record as readonly unknown[])[2] === 0).length;
        const second = new Search({ limit: 100 });
        const again = server.port();
        new Coordinator(second, again).start();
        await settle(server, again);
        let makes = 0;
        const recorded = first.log.filter((line) => {
          if (line.startsWith('makes')) makes += 1;
          return makes <= generated;
        });
        expect(second.log.slice(0, recorded.length)).to.deep.equal(recorded);
      }),
      { numRuns: 100 },
    );
  });

  it('ends when tasks() waits for an answer and none is to come', async () => {
    class Patient extends Rounds {
      override *tasks() {
        yield 1;
        for (;;) yield NOT_YET;
      }
    }
    const job = new Patient({ limit: 0 });
    await run(job).settled();
    expect([job.status, job.progress.submitted]).to.deep.equal(['completed', 1]);
  });

  it('shows one who follows what the first one saw', async () => {
    const first = new Search({ limit: 100 });
    const server = new SimulatedServer(new Search({ limit: 100 }), new Random(3));
    const port = server.port();
    new Coordinator(first, port).start();
    await settle(server, port);
    const second = new Search({ limit: 100 });
    const again = server.port();
    new Coordinator(second, again, { follows: true }).start();
    await settle(server, again);
    expect(second.done).to.equal(true);
    expect(second.result).to.deep.equal(first.result);
    const collects = (log: readonly string[]) => log.filter((line) => line.startsWith('collects'));
    expect(collects(second.log)).to.deep.equal(collects(first.log));
  });

  it('waits for tasks that come later, and collects meanwhile', async () => {
    class Chain extends DistributedJob<number, number, number, number> {
      #last = 1;
      #wake: () => void = () => undefined;
      async *tasks() {
        for (let step = 0; step < this.parameters; step += 1) {
          const before = this.#last;
          yield before;
          while (this.#last === before) await new Promise<void>((resolve) => (this.#wake = resolve));
        }
      }
      compute(task: number) {
        return task * 2;
      }
      collect(answer: number) {
        this.#last = answer;
        this.#wake();
      }
      get result() {
        return this.#last;
      }
    }
    const job = new Chain(10);
    await run(job).settled();
    expect(await job.wait()).to.equal(1024);
    // The same by replay.
    const server = new SimulatedServer(new Chain(10), new Random(1));
    const one = server.port();
    new Coordinator(new Chain(10), one).start();
    for (let turn = 0; turn < 12; turn += 1) {
      one.deliver();
      await server.work();
      one.tell();
      await nextTurn();
    }
    const second = new Chain(10);
    const other = server.port();
    new Coordinator(second, other).start();
    await settle(server, other);
    expect(await second.wait()).to.equal(1024);
    expect(new Set(server.computed)).to.deep.equal(new Set([1]));
  });

  describe('when a task fails', () => {
    class Fragile extends DistributedJob<{ decision: FailureDecision }, number, number, number> {
      readonly failures: string[] = [];
      #sum = 0;
      *tasks() {
        yield* [1, 2, 3, 4];
      }
      #tried = new Set<number>();
      compute(task: number): number {
        if (task % 2 === 0 && !this.#tried.has(task)) {
          this.#tried.add(task);
          throw new RangeError(`no ${String(task)}`);
        }
        return task;
      }
      collect(answer: number) {
        this.#sum += answer;
      }
      override onFailure(error: DsageError, task: number) {
        this.failures.push(`${String(task)}: ${error.message}`);
        return this.parameters.decision;
      }
      get result() {
        return this.#sum;
      }
    }
    const ended = async (decision: FailureDecision) => {
      const job = new Fragile({ decision });
      await run(job, new Fragile({ decision })).settled();
      return job;
    };

    it('it is skipped', async () => {
      const job = await ended('skip');
      expect(await job.wait()).to.equal(4);
      expect(job.progress).to.include({ submitted: 4, completed: 2, failed: 2, done: 4 });
      expect(job.failures.sort()).to.deep.equal(['2: Task 1 failed: no 2', '4: Task 3 failed: no 4']);
    });

    it('it is tried again, as a new task', async () => {
      const job = await ended('retry');
      expect(await job.wait()).to.equal(10);
      expect(job.progress).to.include({ submitted: 6, completed: 4, failed: 2, done: 6 });
    });

    it('it fails the job, with its reason', async () => {
      const job = await ended('fail');
      const error = await job.wait().catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(DsageError).with.property('code', 'task-failed');
      expect(error)
        .to.have.property('message')
        .that.matches(/^Job 7 failed: Task \d failed: no \d\.$/);
      expect(error).to.have.property('cause').that.is.instanceOf(RangeError);
      expect(job.status).to.equal('failed');
    });
  });

  describe("when the job's own code", () => {
    const failing = async (part: Partial<Pick<Search, 'collect' | 'tasks'>>) => {
      const job = Object.assign(new Search({ limit: 0 }), part);
      const { server, settled } = run(job);
      await settled();
      return { server, error: await job.wait().catch((thrown: unknown) => thrown as Error) };
    };

    it('throws in collect, the job fails with what it threw', async () => {
      const { server, error } = await failing({
        collect: () => {
          throw new TypeError('collected nonsense');
        },
      });
      expect(error).to.have.property(
        'message',
        'Job 7 failed: collect() threw TypeError: collected nonsense.',
      );
      expect(error).to.have.property('cause').that.is.instanceOf(TypeError);
      expect(server.end).to.include({ status: 'failed' });
    });

    it('throws in tasks, at once or later, the job fails with what it threw', async () => {
      const { error } = await failing({
        tasks: async function* () {
          yield 1;
          await nextTurn();
          throw new TypeError('no more');
        } as unknown as Search['tasks'],
      });
      expect(error).to.have.property('message', 'Job 7 failed: tasks() threw TypeError: no more.');
      const { error: atOnce } = await failing({
        tasks: () => {
          throw new TypeError('none');
        },
      });
      expect(atOnce).to.have.property('message', 'Job 7 failed: tasks() threw TypeError: none.');
    });

    it('finishes early, nothing more is collected', async () => {
      class Early extends Search {
        override collect(answer: number, task: number, index: number) {
          super.collect(answer, task, index);
          this.finish();
        }
      }
      const job = new Early({ limit: 0 });
      const { server, settled } = run(job);
      await settled();
      expect(await job.wait()).to.have.lengthOf(1);
      expect(server.end).to.include({ status: 'completed' });
    });

    it('kills tasks, they are not collected', async () => {
      class Choosy extends Search {
        override collect(answer: number, task: number, index: number) {
          super.collect(answer, task, index);
          this.killTasks((other) => other > 2);
          this.killTask(1);
        }
      }
      const job = new Choosy({ limit: 0 });
      const { server, settled } = run(job);
      await settled();
      expect(job.status).to.equal('completed');
      expect(server.killed.length).to.be.greaterThan(0);
      expect(job.progress.done).to.equal(server.tasks.length);
      expect(job.result.length).to.equal(job.progress.completed);
      expect(job.result.length).to.be.lessThan(server.tasks.length);
    });
  });

  it('tells who waits for it before it ends', async () => {
    const job = new Search({ limit: 0 });
    const { settled } = run(job);
    let told: readonly number[] = [];
    const waiting = job.wait().then((result) => (told = result));
    await settled();
    await nextTurn();
    expect(told).to.have.length(12);
    await waiting;
  });

  it('says when it is waited for too long, and how far it is', async () => {
    const job = new Search({ limit: 0 });
    const { settled } = run(job);
    const error = await job.wait({ timeoutMs: 5 }).catch((thrown: unknown) => thrown);
    expect(error).to.have.property('code', 'timeout');
    expect(error)
      .to.have.property('message')
      .that.matches(/^After 5 ms job 7 had not ended: 0 of \d+ tasks were done\./);
    const reason = new Error('not now');
    const aborted = await job.wait({ signal: AbortSignal.abort(reason) }).catch((thrown: unknown) => thrown);
    expect(aborted).to.equal(reason);
    const wrong = await job.wait({ timeoutMs: Number.NaN }).catch((thrown: unknown) => thrown);
    expect(wrong).to.have.property('code', 'invalid-argument');
    await settled();
    await job.wait({ timeoutMs: 5 });
  });

  it('refuses a job that was started, and one that was not', async () => {
    const job = new Search({ limit: 0 });
    expect(() => job.pause()).to.not.throw();
    expect(await job.pause().catch((thrown: unknown) => thrown)).to.have.property(
      'code',
      'failed-precondition',
    );
    const { settled } = run(job);
    expect(() => run(job)).to.throw(DsageError, /started already/);
    await settled();
  });

  it('freezes the parameters', () => {
    const job = new Search({ limit: 1 });
    expect(Object.isFrozen(job.parameters)).to.equal(true);
  });
});
