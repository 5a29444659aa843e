import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect } from 'chai';
import fc from 'fast-check';

import type { Write } from '#dsage/server/core/writes.js';
import { LmdbStore } from '#dsage/server/store/lmdb.js';
import { MemoryStore } from '#dsage/server/store/memory.js';
import { everythingIn } from '../conformance/everything.js';
import {
  answerOf,
  blobOf,
  bytes,
  chunkOf,
  failureOf,
  putJob,
  putTasks,
  specOf,
  stateOf,
  T0,
  userOf,
  workerOf,
} from '../conformance/samples.js';

const JOBS = [1, 2, 3, 4];
const INDEXES = 3;

/** What is drawn: which write, on which of the jobs that are there, and numbers to make it of. */
const drawn = fc.record({
  kind: fc.constantFrom(
    ...(['job', 'job', 'state', 'tasks', 'answer', 'answer', 'answer', 'delete-end'] as const),
    ...([
      'clear',
      'forget',
      'failure',
      'output',
      'grant',
      'end-grant',
      'worker',
      'user',
      'end-user',
    ] as const),
  ),
  job: fc.nat(5),
  index: fc.nat(INDEXES - 1),
  number: fc.nat(3),
  endsCommit: fc.nat(3).map((n) => n === 0),
  sweeps: fc.boolean(),
});
type Drawn = typeof drawn extends fc.Arbitrary<infer T> ? T : never;

interface Step {
  readonly writes: readonly Write[];
  readonly sweeps: boolean;
}

describe('the stores', () => {
  it('show the same after any writes, in whatever commits, and whether or not lists are applied twice', async function () {
    this.timeout(60_000);
    await fc.assert(
      fc.asyncProperty(fc.array(drawn, { minLength: 10, maxLength: 80, size: 'max' }), async (draws) => {
        const steps = stepsOf(draws);
        const model = new MemoryStore();
        const twice = new MemoryStore();
        await withLmdb(async (once) => {
          await withLmdb(async (doubled) => {
            for (const { writes, sweeps } of steps) {
              await Promise.all([once, model].map((store) => store.commit(writes)));
              for (const store of [doubled, twice]) {
                await store.commit(writes);
                await store.commit(writes);
              }
              if (sweeps) await Promise.all([once.sweep(), doubled.sweep()]);
              const expected = everythingIn(model, JOBS);
              for (const store of [once, doubled, twice]) {
                expect(everythingIn(store, JOBS)).to.deep.equal(expected);
                expect(store.expiredJobs(T0 + 10, 9)).to.deep.equal(model.expiredJobs(T0 + 10, 9));
              }
            }
          });
        });
      }),
      { numRuns: 25 },
    );
  });
});

/** Makes writes of what was drawn, so that they keep to what src/server/core/writes.ts promises a store. */
function stepsOf(draws: readonly Drawn[]): Step[] {
  const steps: Step[] = [];
  let writes: Write[] = [];
  let lastJob = 0;
  const alive = new Map<number, { ordinal: number; ended: Set<number> }>();
  for (const draw of draws) {
    const ids = [...alive.keys()];
    const job = ids[draw.job % Math.max(ids.length, 1)];
    if (draw.kind === 'job') {
      if (lastJob < JOBS.length) {
        alive.set(++lastJob, { ordinal: 0, ended: new Set() });
        const state = draw.number === 0 ? { status: 'killed' as const, endedAtMs: T0 } : {};
        const program = draw.index === 0 ? blobOf(draw.number).payload : bytes(0);
        const attachments = draw.index === 1 ? [] : specOf().attachments;
        const spec = specOf({ ttlMs: lastJob % 3, program, attachments });
        writes.push(putJob(lastJob, { spec, state: stateOf(state) }));
      }
    } else if (draw.kind === 'forget') {
      if (job !== undefined) {
        alive.delete(job);
        writes.push({ type: 'forget-job', job });
      }
    } else {
      const write = writeOf(draw, { job, known: alive.get(job ?? 0) });
      if (write !== undefined) writes.push(write);
    }
    if (draw.endsCommit) {
      steps.push({ writes, sweeps: draw.sweeps });
      writes = [];
    }
  }
  return [...steps, { writes, sweeps: true }];
}

function writeOf(
  { kind, index, number }: Drawn,
  { job, known }: { job: number | undefined; known: { ordinal: number; ended: Set<number> } | undefined },
): Write | undefined {
  switch (kind) {
    case 'grant':
      return { type: 'put-grant', grant: { id: number, worker: 1, runs: [] } };
    case 'end-grant':
      return { type: 'delete-grant', id: number };
    case 'worker':
      return { type: 'put-worker', worker: workerOf(1 + (number % 3)) };
    case 'user':
      return { type: 'put-user', user: userOf(`user-${number}`, { enabled: index > 2 }) };
    case 'end-user':
      return { type: 'delete-user', name: `user-${number}` };
    default:
      return job === undefined || known === undefined
        ? undefined
        : writeOfJob({ kind, index, number }, { job, known });
  }
}

function writeOfJob(
  { kind, index, number }: Pick<Drawn, 'kind' | 'index' | 'number'>,
  { job, known }: { job: number; known: { ordinal: number; ended: Set<number> } },
): Write | undefined {
  switch (kind) {
    case 'state':
      return {
        type: 'put-job-state',
        job,
        state: stateOf({
          status: (['waiting', 'paused', 'completed', 'failed'] as const)[number]!,
          endedAtMs: T0 + index,
        }),
      };
    case 'tasks':
      // What begins with a 1 is a blob, or would be if it were longer.
      return putTasks(job, index, ...Array.from({ length: number }, (_, i) => taskOf(index, i)));
    case 'answer':
      if (known.ended.has(index)) return undefined;
      known.ended.add(index);
      return answerOf(job, index, known.ordinal++, {
        attempt: number,
        ...(number < 2 ? { blob: blobOf(index + number).payload } : {}),
      });
    case 'delete-end':
      known.ended.delete(index);
      return { type: 'delete-end', job, index };
    case 'clear':
      known.ended.clear();
      known.ordinal = 0;
      return { type: 'clear-job', job };
    case 'failure':
      return failureOf(job, index, number);
    case 'output':
      return { type: 'put-output', chunks: [chunkOf(job, index, number, 0), chunkOf(job, index, number, 1)] };
    default:
      throw new Error(`unknown kind ${kind}`);
  }
}

function taskOf(index: number, i: number): Uint8Array {
  return i === 1 ? blobOf(index).payload : bytes(index, i);
}

async function withLmdb(use: (store: LmdbStore) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'dsage-property-'));
  const store = LmdbStore.open(directory);
  try {
    await use(store);
  } finally {
    await store.close();
    rmSync(directory, { recursive: true });
  }
}
