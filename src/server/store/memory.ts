import { DsageError } from '../../model/errors.js';
import type { Attempt, JobId, JobRecord, Payload, TaskIndex } from '../../model/job.js';
import { isFinal } from '../../model/status.js';
import type { UserRecord } from '../../model/user.js';
import type { WorkerNumber } from '../../model/worker.js';
import type { Grant, OutputChunk, WorkerRecord, Write } from '../core/writes.js';
import {
  applyToJob,
  cloneJob,
  expiryOf,
  putJob,
  recordOf,
  type StoredFailure,
  type StoredJob,
} from './memory-job.js';
import type { OutputPlace, Store, StoreNumbers, TaskEnd } from './store.js';

/**
 * The store for tests and the simulation: maps, and nothing clever. What was put into it is handed out again
 * without a copy, except for job states.
 */
export class MemoryStore implements Store {
  #numbers: StoreNumbers = { lastJob: 0, lastGrant: 0, lastWorker: 0 };
  readonly #jobs = new Map<JobId, StoredJob>();
  readonly #grants = new Map<number, Grant>();
  readonly #workers = new Map<WorkerNumber, WorkerRecord>();
  readonly #users = new Map<string, UserRecord>();
  #failure: DsageError | undefined;

  /** A store of its own with the same content: what a restart would find at this moment. */
  clone(): MemoryStore {
    const copy = new MemoryStore();
    copy.#numbers = this.#numbers;
    for (const [id, job] of this.#jobs) copy.#jobs.set(id, cloneJob(job));
    copyInto(copy.#grants, this.#grants);
    copyInto(copy.#workers, this.#workers);
    copyInto(copy.#users, this.#users);
    return copy;
  }

  commit(writes: readonly Write[]): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    this.apply(writes);
    return Promise.resolve();
  }

  /** What `commit` does, at once: a simulation that crashes before or after it calls this or does not. */
  apply(writes: readonly Write[]): void {
    for (const write of writes) this.#apply(write);
  }

  /** From now on commits reject as they do on a full disk. */
  fail(message: string): void {
    this.#failure = new DsageError('store', message);
  }

  #apply(write: Write): void {
    switch (write.type) {
      case 'put-job':
        this.#putJob(write.record);
        break;
      case 'forget-job':
        this.#jobs.delete(write.job);
        break;
      case 'put-grant':
        this.#grants.set(write.grant.id, write.grant);
        this.#numbers = { ...this.#numbers, lastGrant: Math.max(this.#numbers.lastGrant, write.grant.id) };
        break;
      case 'delete-grant':
        this.#grants.delete(write.id);
        break;
      case 'put-worker':
        this.#workers.set(write.worker.number, write.worker);
        this.#numbers = {
          ...this.#numbers,
          lastWorker: Math.max(this.#numbers.lastWorker, write.worker.number),
        };
        break;
      case 'put-user':
        this.#users.set(write.user.name, write.user);
        break;
      case 'delete-user':
        this.#users.delete(write.name);
        break;
      case 'put-output':
        for (const chunk of write.chunks) {
          this.#jobs.get(chunk.job)?.output.set(`${chunk.index}/${chunk.attempt}/${chunk.chunk}`, chunk);
        }
        break;
      default: {
        const job = this.#jobs.get(write.job);
        if (job !== undefined) applyToJob(job, write);
      }
    }
  }

  #putJob(record: JobRecord): void {
    this.#numbers = { ...this.#numbers, lastJob: Math.max(this.#numbers.lastJob, record.id) };
    this.#jobs.set(record.id, putJob(this.#jobs.get(record.id), record));
  }

  numbers(): StoreNumbers {
    return this.#numbers;
  }

  job(id: JobId): JobRecord | undefined {
    const job = this.#jobs.get(id);
    return job === undefined ? undefined : recordOf(job);
  }

  unfinishedJobs(): Iterable<JobRecord> {
    return this.#sorted()
      .filter((job) => !isFinal(job.state.status))
      .map(recordOf);
  }

  jobs(options: { readonly newestFirst: boolean; readonly from?: JobId }): Iterable<JobRecord> {
    const { newestFirst, from } = options;
    const jobs = newestFirst ? this.#sorted().reverse() : this.#sorted();
    const wanted = (id: JobId): boolean => from === undefined || (newestFirst ? id <= from : id >= from);
    return jobs.filter((job) => wanted(job.head.id)).map(recordOf);
  }

  expiredJobs(nowMs: number, limit: number): readonly JobId[] {
    return this.#sorted()
      .filter(
        ({ head, state }) =>
          isFinal(state.status) && head.spec.ttlMs > 0 && expiryOf({ head, state }) <= nowMs,
      )
      .sort((a, b) => expiryOf(a) - expiryOf(b))
      .slice(0, limit)
      .map((job) => job.head.id);
  }

  submission(session: string, seq: number): JobId | undefined {
    for (const { head } of this.#jobs.values())
      if (head.session === session && head.seq === seq) return head.id;
    return undefined;
  }

  task(job: JobId, index: TaskIndex): Payload | undefined {
    return this.#jobs.get(job)?.tasks.get(index);
  }

  tasks(job: JobId, firstIndex: TaskIndex, count: number): readonly Payload[] {
    return Array.from({ length: count }, (_, i) => {
      const payload = this.task(job, firstIndex + i);
      if (payload !== undefined) return payload;
      throw new DsageError('internal', `The store has no task ${firstIndex + i} of job ${job}.`);
    });
  }

  answers(
    job: JobId,
    fromOrdinal: number,
  ): Iterable<{ readonly ordinal: number; readonly record: Uint8Array }> {
    return [...(this.#jobs.get(job)?.answers ?? [])]
      .filter(([ordinal]) => ordinal >= fromOrdinal)
      .sort(([a], [b]) => a - b)
      .map(([ordinal, record]) => ({ ordinal, record }));
  }

  answer(job: JobId, ordinal: number): Uint8Array | undefined {
    return this.#jobs.get(job)?.answers.get(ordinal);
  }

  end(job: JobId, index: TaskIndex): TaskEnd | undefined {
    return this.#jobs.get(job)?.ends.get(index);
  }

  ends(job: JobId, fromIndex: TaskIndex): Iterable<TaskEnd> {
    return [...(this.#jobs.get(job)?.ends.values() ?? [])]
      .filter(({ index }) => index >= fromIndex)
      .sort((a, b) => a.index - b.index);
  }

  endedIndexes(job: JobId): Iterable<TaskIndex> {
    return [...(this.#jobs.get(job)?.ends.keys() ?? [])].sort((a, b) => a - b);
  }

  failures(
    job: JobId,
    index: TaskIndex,
  ): readonly { readonly attempt: Attempt; readonly failure: Payload }[] {
    return this.#failures(job)
      .filter((stored) => stored.index === index)
      .map(({ attempt, failure }) => ({ attempt, failure }));
  }

  failedAttempts(
    job: JobId,
  ): Iterable<{ readonly index: TaskIndex; readonly count: number; readonly lastAttempt: Attempt }> {
    const counts = new Map<TaskIndex, { index: TaskIndex; count: number; lastAttempt: Attempt }>();
    for (const { index, attempt } of this.#failures(job)) {
      counts.set(index, { index, count: (counts.get(index)?.count ?? 0) + 1, lastAttempt: attempt });
    }
    return counts.values();
  }

  output(
    job: JobId,
    options: { readonly index?: TaskIndex; readonly attempt?: Attempt; readonly from?: OutputPlace },
  ): Iterable<OutputChunk> {
    const [index, attempt, first] = options.from ?? [0, 0, 0];
    return [...(this.#jobs.get(job)?.output.values() ?? [])]
      .filter((chunk) => options.index === undefined || chunk.index === options.index)
      .filter((chunk) => options.attempt === undefined || chunk.attempt === options.attempt)
      .filter((it) => (it.index - index || it.attempt - attempt || it.chunk - first) >= 0)
      .sort((a, b) => a.index - b.index || a.attempt - b.attempt || a.chunk - b.chunk);
  }

  outputBackwards(job: JobId, options: { readonly index?: TaskIndex }): Iterable<OutputChunk> {
    return [...this.output(job, options)].reverse();
  }

  usesBlob(sha256: string): boolean {
    for (const { blobs, recordedBlobs } of this.#jobs.values())
      if (blobs.has(sha256) || recordedBlobs.has(sha256)) return true;
    return false;
  }

  grants(): Iterable<Grant> {
    return [...this.#grants.values()].sort((a, b) => a.id - b.id);
  }

  worker(number: WorkerNumber): WorkerRecord | undefined {
    return this.#workers.get(number);
  }

  workerByInstance(instance: string): WorkerRecord | undefined {
    for (const worker of this.#workers.values()) if (worker.instance === instance) return worker;
    return undefined;
  }

  users(): readonly UserRecord[] {
    return [...this.#users.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  sweep(): Promise<boolean> {
    return Promise.resolve(false);
  }

  sizeBytes(): number {
    return 0;
  }

  /** Commits reject from now on; reads and `clone` go on. */
  close(): Promise<void> {
    this.#failure ??= new DsageError('closed', 'The store has been closed.');
    return Promise.resolve();
  }

  #sorted(): StoredJob[] {
    return [...this.#jobs.values()].sort((a, b) => a.head.id - b.head.id);
  }

  #failures(job: JobId): StoredFailure[] {
    return [...(this.#jobs.get(job)?.failures.values() ?? [])].sort(
      (a, b) => a.index - b.index || a.attempt - b.attempt,
    );
  }
}

function copyInto<K, V>(target: Map<K, V>, source: ReadonlyMap<K, V>): void {
  for (const [key, value] of source) target.set(key, value);
}
