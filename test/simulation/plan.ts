import { DEFAULT_LIMITS, type JobSpec } from '#dsage/model/job.js';
import type { Config } from '#dsage/server/core/state.js';
import { writeAnswerRecord } from '#dsage/wire/packed.js';
import { inlinePayload } from '#dsage/wire/payload.js';

import type { Random } from '../support/random.js';

/** What one task does, whoever runs it. */
interface TaskPlan {
  readonly durationMs: number;
  /** How many of its executions fail before one succeeds. */
  readonly failures: number;
  readonly writes: boolean;
}

/** A job as the simulation thinks it up. */
export interface Plan {
  readonly key: string;
  /** `session/seq`, once it is submitted. */
  name: string;
  /** The jobs that it waits for are put in when they have their numbers. */
  spec: JobSpec;
  /** How many tasks are submitted at once, and how many later. */
  readonly parts: readonly number[];
  readonly tasks: readonly TaskPlan[];
  readonly hasBlobs: boolean;
  /** Of a detached job: what its coordinator, the first of the tasks, does. */
  readonly coordinator: CoordinatorPlan | undefined;
  /** How often each task was started. */
  readonly starts: Map<number, number>;
}

/** It adds the other tasks one after the other, and ends the job when its time is over. */
interface CoordinatorPlan {
  readonly pauseMs: number;
  /** What it says of the job at its end; `returns` is nothing. */
  readonly end: 'completed' | 'failed' | 'returns';
}

/** Everything about one run that its seed decides beforehand. Times are virtual milliseconds. */
export interface SimulationConfig {
  readonly server: Config;
  readonly renewMs: number;
  readonly retryMs: number;
  readonly networkMs: number;
  readonly noticeMs: number;
  readonly commitMs: number;
  readonly workers: readonly {
    readonly slots: number;
    readonly gpus: number;
    readonly coordinators: number;
  }[];
  readonly clients: number;
  readonly jobs: number;
  readonly faults: number;
  readonly actions: number;
  /** Faults and actions happen before this time. */
  readonly calmAtMs: number;
}

export function configOf(random: Random): SimulationConfig {
  const isFaulty = random.chance(0.9);
  const isHarsh = random.chance(0.1);
  const isTight = random.chance(0.1);
  return {
    server: {
      leaseMs: 2_000,
      tickMs: 200,
      maxWaitingTasks: isTight ? 12 : 100_000,
      maxUnfinishedJobs: isTight ? 3 : 1_000,
      maxTasksPerJob: 100_000,
      encode: {
        failure: (failure) => inlinePayload(Buffer.from(JSON.stringify(failure))),
        answer: (answer) => writeAnswerRecord(answer),
        messageOf: (failure) => Buffer.from(failure).toString(),
      },
    },
    renewMs: 400,
    retryMs: random.pick([200, 1_000]),
    networkMs: random.pick([2, 20, 150]),
    noticeMs: random.pick([10, 500, 3_000]),
    commitMs: random.pick([1, 10, 400]),
    // The first one takes some: else a coordinator might wait for ever.
    workers: Array.from({ length: random.int(1, 3) }, (_, place) => ({
      slots: random.int(1, 3),
      gpus: random.int(0, 2),
      coordinators: random.int(place === 0 ? 1 : 0, 2),
    })),
    clients: random.int(1, 2),
    jobs: random.int(1, isHarsh ? 12 : 6),
    faults: isFaulty ? random.int(1, isHarsh ? 60 : 14) : 0,
    actions: random.chance(0.6) ? random.int(1, isHarsh ? 40 : 8) : 0,
    calmAtMs: random.pick(isHarsh ? [9_000, 20_000] : [1_500, 4_000, 9_000]),
  };
}

export function planOf(random: Random, key: string, gpus: number): Plan {
  const isDetached = random.chance(0.2);
  const parts = isDetached ? [1] : partsOf(random);
  const count = isDetached ? random.int(1, 8) : parts.reduce((sum, part) => sum + part, 0);
  const longestMs = random.pick([3, 40, 400, 3_000]);
  const clumsiness = random.pick([0, 0, 0.1, 0.5]);
  const spec: JobSpec = {
    name: key,
    kind: random.pick(['eval', 'map']),
    evaluator: 'javascript',
    priority: random.int(1, 5),
    limits: {
      ...DEFAULT_LIMITS,
      maxAttempts: random.int(1, 4),
      maxFailedTasks: random.chance(0.2) ? random.int(1, 3) : 0,
    },
    labels: [],
    resources: gpus > 0 && random.chance(0.2) ? { gpu: random.int(1, gpus) } : {},
    program: new Uint8Array([1]),
    attachments: [],
    ttlMs: 0,
    summary: '',
    ...(isDetached ? { detached: true } : {}),
  };
  const tasks = Array.from({ length: count }, () => ({
    durationMs: random.between(0.1, longestMs),
    failures: random.chance(clumsiness) ? random.int(1, 5) : 0,
    writes: random.chance(0.1),
  }));
  const coordinator = isDetached ? coordinatorOf(random) : undefined;
  return { key, name: '', spec, parts, tasks, hasBlobs: random.chance(0.1), coordinator, starts: new Map() };
}

function coordinatorOf(random: Random): CoordinatorPlan {
  return {
    pauseMs: random.pick([5, 50, 300]),
    end: random.pick(['completed', 'completed', 'failed', 'returns']),
  };
}

function partsOf(random: Random): number[] {
  if (random.chance(0.3)) return [1];
  if (random.chance(0.05)) return [0];
  if (random.chance(0.6)) return [random.int(1, 30)];
  return Array.from({ length: random.int(2, 4) }, () => random.int(0, 10));
}
