import type { JobSpec } from '#dsage/model/job.js';
import { isFinal, type JobStatus } from '#dsage/model/status.js';
import type { Effects } from '#dsage/server/core/effects.js';
import type { Event } from '#dsage/server/core/events.js';
import type { Lease } from '#dsage/model/task.js';
import type { State } from '#dsage/server/core/state.js';
import type { LeaseRun, Write } from '#dsage/server/core/writes.js';
import type { MemoryStore } from '#dsage/server/store/memory.js';

import type { World } from './world.js';

/** Watches one life of the server from outside, and fails the run when it breaks a promise. */
export class Auditor {
  readonly #world: World;
  readonly #state: State;
  readonly #store: MemoryStore;
  readonly #startedAtMs: number;
  readonly #lastHeard = new Map<number, { readonly atMs: number; readonly jumpedMs: number }>();
  #workers = new Map<number, boolean>();

  constructor(world: World, state: State, store: MemoryStore) {
    this.#world = world;
    this.#state = state;
    this.#store = store;
    this.#startedAtMs = world.time.nowMs;
  }

  heard(worker: number): void {
    this.#lastHeard.set(worker, { atMs: this.#world.time.nowMs, jumpedMs: this.#world.jumpedForwardMs });
  }

  before(batch: readonly Event[]): void {
    this.#workers = new Map([...this.#state.workers].map(([number, { draining }]) => [number, draining]));
    for (const event of batch) {
      // A worker that drains and has ended all may leave at once.
      const { type } = event;
      if (type === 'worker-draining' || type === 'drain-asked' || type === 'remove-asked')
        this.#workers.set(event.worker, true);
    }
  }

  after(effects: Effects): void {
    for (const send of effects.sends) {
      if (send.type === 'welcome') {
        this.heard(send.worker);
        for (const lease of send.stale) this.#world.givenUp.add(nameOf(lease));
      } else if (send.type === 'lease') for (const run of send.runs) this.#checkLeases(run);
    }
    for (const [number, wasDraining] of this.#workers) {
      if (!this.#state.workers.has(number) && !wasDraining) this.#checkLost(number);
    }
  }

  /** What is about to be on disk. */
  writes(writes: readonly Write[]): void {
    const ended = new Set<string>();
    const cleared = new Set<number>();
    for (const write of writes) {
      if (write.type === 'clear-job') cleared.add(write.job);
      else if (write.type === 'delete-end') ended.delete(`${write.job}/${write.index}`);
      else if (write.type === 'put-job') {
        const { session, seq, id } = write.record;
        this.#checkNewJob(session, seq, id);
        this.#world.jobNames.set(id, `${session}/${String(seq)}`);
      }
      if (write.type === 'put-job-state') this.#noteEnd(write.job, write.state.status);
      if (write.type !== 'put-answer') continue;
      const key = `${write.job}/${write.index}`;
      const isDeleted = writes.some(
        (other) => other.type === 'delete-end' && other.job === write.job && other.index === write.index,
      );
      const hasEnd = this.#store.end(write.job, write.index) !== undefined;
      const isTwice = ended.has(key) || (hasEnd && !cleared.has(write.job) && !isDeleted);
      this.#world.ensure(!isTwice, `task ${key} ends twice`);
      const before = cleared.has(write.job) ? undefined : this.#store.answer(write.job, write.ordinal);
      this.#world.ensure(before === undefined, `ordinal ${write.ordinal} of job ${write.job} is given twice`);
      ended.add(key);
    }
  }

  /** An acknowledgement leaves: what it speaks of must be in the store. */
  committed(effects: Effects): void {
    for (const send of effects.sends) {
      if (send.type === 'accept') {
        const record = this.#store.job(send.job);
        if (record === undefined) continue;
        const stored = record.state.taskCount >= send.taskCount;
        this.#world.ensure(stored, `job ${send.job} was accepted with ${send.taskCount} tasks`);
        for (let index = 0; index < send.taskCount; index += 1) {
          const has = this.#store.task(send.job, index) !== undefined;
          this.#world.ensure(has, `task ${send.job}/${index} was accepted and is not stored`);
        }
      } else if (send.type === 'acknowledge') {
        this.#checkAcknowledged(send.worker, send.seq);
      }
    }
  }

  #noteEnd(job: number, status: JobStatus): void {
    if (status === 'completed') this.#world.completed.add(job);
    else if (isFinal(status)) this.#world.lost.add(job);
  }

  #checkNewJob(session: string, seq: number, id: number): void {
    const known = this.#store.submission(session, seq);
    this.#world.ensure(known === undefined || known === id, `submission ${session}/${seq} became two jobs`);
  }

  #checkAcknowledged(worker: number, seq: number): void {
    for (const message of this.#world.workerOf(worker)?.state.unacknowledged ?? []) {
      if (message.seq > seq || message.type !== 'answers') continue;
      for (const { lease, outcome } of message.ends) {
        if (outcome !== 'completed') continue;
        const job = this.#store.job(lease.job);
        if (job === undefined || isFinal(job.state.status) || lease.attempt < job.state.firstAttempt)
          continue;
        // A coordinator whose job was given to another one has no say any more.
        if (this.#isGivenUp(job.spec, lease)) continue;
        const isStored = this.#store.end(lease.job, lease.index) !== undefined;
        this.#world.ensure(
          isStored,
          `the answer to ${lease.job}/${lease.index} was acknowledged and is lost`,
        );
      }
    }
  }

  /** No task is given out while a worker computes it or has its answer, unless that worker was lost. */
  #checkLeases(run: LeaseRun): void {
    const job = this.#state.jobs.get(run.job);
    if (job === undefined) return;
    for (let index = run.firstIndex; index < run.firstIndex + run.count; index += 1) {
      for (const { worker, attempt } of this.#world.attemptsAt(run.job, index)) {
        if (attempt < job.state.firstAttempt || attempt === run.attempt) continue;
        const known = job.lapsed.get(index) ?? [];
        const isGivenUp = this.#isGivenUp(job.spec, { job: run.job, index, attempt });
        const isLapsed = known.some((it) => it.grant.worker === worker && it.attempt === attempt);
        this.#world.ensure(
          isLapsed || isGivenUp,
          `task ${run.job}/${index} is given out at attempt ${run.attempt} while worker ${worker} has attempt ${attempt}`,
        );
      }
    }
  }

  /** A lease that has run out is worth its answer, but not a coordinator's: its worker was told to stop it. */
  #isGivenUp(spec: JobSpec, lease: Lease): boolean {
    return spec.detached === true && lease.index === 0 && this.#world.givenUp.has(nameOf(lease));
  }

  /** Long is not dead: a worker is lost only when nothing was heard of it for the whole lease time. */
  #checkLost(worker: number): void {
    const last = this.#lastHeard.get(worker) ?? { atMs: this.#startedAtMs, jumpedMs: 0 };
    const silentMs = this.#world.time.nowMs - last.atMs + this.#world.jumpedForwardMs - last.jumpedMs;
    const { leaseMs } = this.#state.config;
    // The clock has whole milliseconds.
    this.#world.ensure(silentMs >= leaseMs - 1, `worker ${worker} was lost after ${silentMs} ms`);
    this.#world.log(`worker ${String(worker)} is lost`);
  }
}

function nameOf({ job, index, attempt }: Lease): string {
  return `${String(job)}/${String(index)}#${String(attempt)}`;
}
