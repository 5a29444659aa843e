import { setImmediate as nextTurn } from 'node:timers/promises';

import { expect } from 'chai';

import type { JobContext } from '#dsage/jobs/context.js';
import { Coordinator } from '#dsage/jobs/coordinator.js';
import { DistributedFactor } from '#dsage/jobs/factor/distributed-factor.js';
import type { FactorAnswer, FactorTask } from '#dsage/jobs/factor/tasks.js';
import { Random } from '../../../support/random.js';
import { SimulatedServer } from '../../../support/simulated-port.js';

/** Primes of 26 and 27 digits: about the smallest numbers that are sieved by several tasks. */
const P = 34_029_387_409_182_374_098_177_123n;
const Q = 534_098_234_098_234_098_234_101_777n;

let [p, q] = [P, Q];
before(async () => {
  const { nextPrime } = await import('#dsage/code/prelude/numbers.js');
  [p, q] = [nextPrime(P), nextPrime(Q)];
});

class OnWorker extends DistributedFactor {
  override compute(task: FactorTask): Promise<FactorAnswer> {
    const context = { signal: new AbortController().signal, progress: () => undefined };
    return super.compute(task, context as unknown as JobContext);
  }
}

type Port = ReturnType<SimulatedServer['port']>;

function begin(worker: DistributedFactor = new OnWorker(1), random = new Random(1)) {
  const job = new DistributedFactor(p * q, { maxCurves: 0 });
  const server = new SimulatedServer(worker, random);
  const port = server.port();
  new Coordinator(job, port).start();
  return { job, server, port };
}

async function turn(server: SimulatedServer, port: Port): Promise<void> {
  port.deliver();
  await server.work();
  port.tell();
  await nextTurn();
}

function methodsOf(server: SimulatedServer): string[] {
  return server.tasks.map((record) => (record as readonly [FactorTask])[0].method);
}

describe('a factorization by the sieve', function () {
  this.timeout(60_000);

  it('goes from sieving to the matrix to the square root, and says so', async () => {
    const { job, server, port } = begin();
    const stages = new Set<string>();
    let lastFraction = 0;
    while (!job.done) {
      await turn(server, port);
      stages.add(job.stage.replace(/[\d,]+/g, '#'));
      const [percent] = /\d+(?= %)/.exec(job.stage) ?? [];
      if (percent !== undefined) {
        expect(Number(percent)).to.be.at.least(lastFraction);
        lastFraction = Number(percent);
      }
      if (percent !== undefined && Number(percent) > 20) expect(job.timeLeft).to.be.greaterThan(0);
    }
    expect(job.result).to.deep.equal([
      [p, 1],
      [q, 1],
    ]);
    expect([...stages].filter((stage) => stage !== 'done')).to.deep.equal([
      'sieving # %: # + # of # relations for a #-digit number',
      'linear algebra for a #-digit number',
      'square root for a #-digit number',
    ]);
    const methods = methodsOf(server);
    expect(methods.indexOf('matrix')).to.be.greaterThan(methods.indexOf('sieve'));
    expect(methods.indexOf('root')).to.be.greaterThan(methods.indexOf('matrix'));
    expect(methods.filter((method) => method === 'matrix')).to.have.lengthOf(1);
    expect(job.wrongAnswers).to.equal(0);
  });

  it('stops the sieving once the relations are enough', async () => {
    const { job, server, port } = begin();
    while (!methodsOf(server).includes('matrix')) await turn(server, port);
    port.deliver();
    expect(server.killed.length).to.be.greaterThan(0);
    const killed = server.killed.map((index) => (server.tasks[index] as readonly [FactorTask])[0].method);
    expect(new Set(killed)).to.deep.equal(new Set(['sieve']));
    while (!job.done) await turn(server, port);
    expect(job.status).to.equal('completed');
  });

  it('believes no relation, no product and no divisor', async () => {
    let lies = 0;
    /** The first answer of each kind in each way that is wrong. */
    const wrong: Record<string, readonly ((right: FactorAnswer) => unknown)[]> = {
      sieve: [
        () => undefined,
        () => ({}),
        () => ({ relations: 'all' }),
        () => ({ relations: new Uint8Array([1, 2, 3]) }),
        (right) => ({ relations: changed(right, 10) }),
        (right) => ({ relations: changed(right, 60) }),
        (right) => ({ relations: 'relations' in right ? right.relations.slice(0, -1) : right }),
      ],
      matrix: [
        () => null,
        () => ({ dependencies: [Uint32Array.of(0, 1, 2)] }),
        () => ({ dependencies: [Uint32Array.of(4_000_000_000)] }),
        () => ({ dependencies: [[1, 2]] }),
      ],
      root: [() => ({ divisor: 1n }), () => ({ divisor: p * q }), () => ({ divisor: 7n }), () => ({})],
    };
    const told: Record<string, number> = {};
    class Liar extends OnWorker {
      override async compute(task: FactorTask): Promise<FactorAnswer> {
        const right = await super.compute(task);
        const place = (told[task.method] = (told[task.method] ?? -1) + 1);
        const lie = wrong[task.method]?.[place];
        if (lie === undefined) return right;
        lies += 1;
        return lie(right) as FactorAnswer;
      }
    }
    const { job, server, port } = begin(new Liar(1));
    while (!job.done) await turn(server, port);
    expect(job.result).to.deep.equal([
      [p, 1],
      [q, 1],
    ]);
    // Of the square roots that are wrong, the job may have met only some before one was right.
    expect(lies).to.be.at.least(12);
    expect(job.wrongAnswers).to.be.within(11, lies);
  });

  it('goes on sieving when no product gives a divisor', async () => {
    let denied = 0;
    class Unlucky extends OnWorker {
      override async compute(task: FactorTask): Promise<FactorAnswer> {
        if (task.method !== 'root' || task.round > 0) return super.compute(task);
        denied += 1;
        return { divisor: null };
      }
    }
    const { job, server, port } = begin(new Unlucky(1));
    while (!job.done) await turn(server, port);
    expect(job.primeFactors).to.have.lengthOf(2);
    expect(denied).to.be.greaterThan(2);
    expect(methodsOf(server).filter((method) => method === 'matrix')).to.have.lengthOf(2);
  });

  it('counts each matrix that is said to have no products as wrong, and sieves on when that is said again', async () => {
    let denied = 0;
    class Empty extends OnWorker {
      override async compute(task: FactorTask): Promise<FactorAnswer> {
        if (task.method !== 'matrix' || task.round > 0) return super.compute(task);
        denied += 1;
        return { dependencies: [] };
      }
    }
    const { job, server, port } = begin(new Empty(1));
    while (!job.done) await turn(server, port);
    expect(job.primeFactors).to.have.lengthOf(2);
    expect(denied).to.equal(2);
    expect(job.wrongAnswers).to.equal(1);
  });

  it('goes on without a square root that fails each time', async () => {
    class Fragile extends OnWorker {
      override compute(task: FactorTask): Promise<FactorAnswer> {
        if (task.method !== 'root' || task.round > 0) return super.compute(task);
        return Promise.reject(new Error('out of luck'));
      }
    }
    const { job, server, port } = begin(new Fragile(1));
    while (!job.done) await turn(server, port);
    expect(job.primeFactors).to.have.lengthOf(2);
    expect(job.compositeFactors).to.deep.equal([]);
  });

  it('comes to the same after any crash, with no relation lost or counted twice', async () => {
    const undisturbed = begin();
    while (!undisturbed.job.done) await turn(undisturbed.server, undisturbed.port);
    for (let seed = 1; seed <= 4; seed += 1) {
      const random = new Random(seed);
      const { server, ...first } = begin(new OnWorker(1), random);
      let { job, port } = first;
      for (let life = 0; ; life += 1) {
        const turns = life >= 6 ? 100_000 : random.int(0, 120);
        for (let left = turns; left > 0 && !job.done; left -= 1) {
          if (random.chance(0.7)) port.deliver(random.int(0, 3));
          if (random.chance(0.6)) await server.work();
          if (random.chance(0.7)) port.tell(random.int(0, 3));
          await nextTurn();
        }
        if (job.done) break;
        const before = { stage: job.stage, heard: job.progress.done };
        port.close();
        job = new DistributedFactor(p * q, { maxCurves: 0 });
        port = server.port();
        new Coordinator(job, port).start();
        for (let left = 200; left > 0 && job.progress.done < before.heard; left -= 1) {
          port.tell(1);
          await nextTurn();
          await nextTurn();
        }
        if (job.progress.done === before.heard) expect(job.stage, `seed ${seed}`).to.equal(before.stage);
      }
      expect(job.result, `seed ${seed}`).to.deep.equal(undisturbed.job.result);
      expect(Math.max(...Object.values(server.computed))).to.equal(1);
    }
  });
});

function changed(answer: FactorAnswer, at: number): Uint8Array {
  if (!('relations' in answer)) throw new Error('it is no answer of a sieve task');
  const bytes = answer.relations.slice();
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return bytes;
}
