import { isFinal } from '#dsage/model/status.js';
import { heldCount } from '#dsage/worker/core/state.js';

import type { SimClient } from './client.js';
import type { Handle } from './handle.js';
import type { Random } from '../support/random.js';
import { checkEnd } from './promises.js';
import { World } from './world.js';

/** After the faults everything must have ended within this time, and twice what one slot would need for it. */
const PATIENCE_MS = 30_000;

export interface Report {
  readonly steps: number;
  readonly jobs: number;
  readonly virtualMs: number;
}

/** Plays the run that a seed stands for. Throws when a promise is broken. */
export function simulate(seed: number, trace?: (line: string) => void): Report {
  const world: World = new World(seed, trace);
  world.log(`seed ${String(seed)} ${JSON.stringify(world.config)}`);
  planSubmissions(world);
  planFaults(world);
  planActions(world);
  world.time.run(world.config.calmAtMs);
  calm(world);
  let isDone = false;
  const look = () => {
    isDone = hasEnded(world);
    if (!isDone) world.time.after(100, look);
  };
  look();
  world.time.run(world.time.nowMs + PATIENCE_MS + 2 * workMs(world), () => isDone);
  world.ensure(isDone, `it has not ended: ${whatIsLeft(world)}`);
  checkEnd(world);
  return { steps: world.steps, jobs: world.jobNames.size, virtualMs: world.time.nowMs };
}

/** How long one slot would take for everything, if every attempt were needed. */
function workMs(world: World): number {
  let sumMs = 0;
  for (const { tasks, spec } of world.planned) {
    for (const { durationMs } of tasks) sumMs += durationMs * spec.limits.maxAttempts;
  }
  return sumMs;
}

function planSubmissions(world: World): void {
  const { random, config } = world;
  for (let number = 1; number <= config.jobs; number += 1) {
    const plan = world.newPlan(`plan ${String(number)}`);
    const client = random.pick(world.clients);
    client.after(random.delay(0, config.calmAtMs), () => {
      const others = [...client.handles.values()].filter(() => random.chance(0.5));
      if (random.chance(0.3) && others.length > 0) client.submitAfter(plan, others);
      else client.submit(plan);
    });
  }
}

function planFaults(world: World): void {
  const { random, config } = world;
  for (let number = 0; number < config.faults; number += 1) {
    world.time.after(random.between(0, config.calmAtMs), () => {
      random.pick(FAULTS)(world, random);
    });
  }
}

const FAULTS: readonly ((world: World, random: Random) => void)[] = [
  (world, random) => {
    world.workers[random.int(0, world.workers.length - 1)]?.breakStream();
  },
  (world, random) => {
    random.pick(world.clients).breakStream();
  },
  (world) => {
    world.serverEnds(world.server?.uncommitted ?? []);
  },
  (world) => {
    world.serverEnds([]);
  },
  (world, random) => {
    if (world.server !== undefined) world.server.endAtCommit = random.pick(['before', 'after']);
  },
  (world, random) => {
    world.killWorker(random.int(0, world.workers.length - 1));
  },
  (world, random) => {
    world.workers[random.int(0, world.workers.length - 1)]?.stopFor(random.delay(50, 6_000));
  },
  (world, random) => {
    world.server?.stopFor(random.delay(50, 6_000));
  },
  (world, random) => {
    world.jumpClock(random.pick([-1, 1]) * random.pick([50, 300, 1_000, 5_000, 3_600_000]));
  },
  (world, random) => {
    world.workers[random.int(0, world.workers.length - 1)]?.drain();
  },
];

function planActions(world: World): void {
  const { random, config } = world;
  for (let number = 0; number < config.actions; number += 1) {
    world.time.after(random.between(0, config.calmAtMs), () => {
      act(world, random.pick(world.clients), random);
    });
  }
}

function act(world: World, client: SimClient, random: Random): void {
  const known = [...client.handles.values()].filter(({ id }) => id !== undefined);
  if (known.length === 0) return;
  const handle = random.pick(known);
  const job = handle.id ?? 0;
  random.pick(isFinal(handle.status) ? AFTERWARDS : MEANWHILE)({ world, client, random, handle, job });
}

interface Acting {
  readonly world: World;
  readonly client: SimClient;
  readonly random: Random;
  readonly handle: Handle;
  readonly job: number;
}

/** What a client does to a job that has not ended, as far as it knows. */
const MEANWHILE: readonly ((acting: Acting) => void)[] = [
  ({ client, job }) => {
    client.request({ type: 'kill-job', job });
  },
  ({ client, job, random }) => {
    client.request({ type: 'kill-tasks', job, indexes: [random.int(0, 9), random.int(0, 9)] });
  },
  ({ client, job }) => {
    client.request({ type: 'pause', job });
  },
  ({ client, job }) => {
    client.request({ type: 'resume', job });
  },
  ({ client, job, random }) => {
    client.request({ type: 'priority', job, priority: random.int(1, 5) });
  },
  ({ client, random }) => {
    client.request({ type: 'drain', worker: random.int(1, 3), stop: random.chance(0.7) });
  },
  ({ client, random }) => {
    client.request({ type: 'resume-worker', worker: random.int(1, 3) });
  },
  ({ client, random }) => {
    client.request({ type: 'remove-worker', worker: random.int(1, 3) });
  },
];

/** What a client does to a job that has ended. */
const AFTERWARDS: readonly ((acting: Acting) => void)[] = [
  ({ client, handle }) => {
    client.rerun(handle, true);
  },
  ({ client, handle }) => {
    client.rerun(handle, false);
  },
  ({ client, handle, random, job }) => {
    client.rerun(handle, random.chance(0.5));
    // It is cut short, or has ended by then.
    client.after(random.delay(0, 500), () => {
      client.request({ type: 'kill-job', job });
    });
  },
  ({ world, client, job }) => {
    world.forgotten.add(job);
    client.request({ type: 'forget', job });
  },
];

/** No more faults: whatever is down comes up, and what was paused is resumed until everything has ended. */
function calm(world: World): void {
  world.log('the faults are over');
  world.isCalm = true;
  if (world.server !== undefined) world.server.endAtCommit = undefined;
  const resume = () => {
    for (const client of world.clients) {
      for (const { id, isSettled } of client.handles.values()) {
        if (id !== undefined && !isSettled) client.request({ type: 'resume', job: id });
      }
    }
    // A job may be paused that its client takes for ended: the call that ran it again was cut off.
    for (const [job, { state }] of world.server?.state.jobs ?? []) {
      if (state.status === 'paused') world.clients[0]?.request({ type: 'resume', job });
    }
    world.time.after(1_000, resume);
  };
  resume();
}

function hasEnded(world: World): boolean {
  const { server } = world;
  return (
    server?.isRunning === true &&
    server.state.jobs.size === 0 &&
    server.state.grants.size === 0 &&
    world.clients.every((client) => client.isSettled) &&
    world.workers.every((worker) => worker !== undefined && isIdle(worker.state))
  );
}

function isIdle(state: NonNullable<World['workers'][number]>['state']): boolean {
  return state.connection === 'up' && heldCount(state) === 0 && state.unacknowledged.length === 0;
}

function whatIsLeft(world: World): string {
  const left: string[] = [];
  const { server } = world;
  if (server?.isRunning !== true) left.push('the server does not run');
  for (const job of server?.state.jobs.values() ?? []) {
    left.push(
      `job ${String(job.id)} is ${job.state.status} with ${String(job.waiting.size)} waiting and ${String(job.leases.size)} leased tasks` +
        (job.state.closed ? '' : ', and open'),
    );
  }
  for (const { id, worker, open } of server?.state.grants.values() ?? [])
    left.push(`grant ${String(id)} of worker ${String(worker)} has ${String(open)} open leases`);
  for (const client of world.clients) {
    for (const { seq, id, status, isSettled } of client.handles.values()) {
      if (!isSettled) left.push(`${client.name} waits for job ${String(seq)} (${String(id)}, ${status})`);
    }
    if (!client.isSettled) left.push(`${client.name} is not settled`);
  }
  for (const worker of world.workers) {
    if (worker === undefined || isIdle(worker.state)) continue;
    const { connection, counts, unacknowledged } = worker.state;
    left.push(
      `${worker.name} is ${connection}, ${JSON.stringify(counts)}, ${String(unacknowledged.length)} messages`,
    );
  }
  return left.join('; ');
}
