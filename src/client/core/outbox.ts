import type { AcceptedJob, JobEnd, NewJob, SubmitTasks } from '../../wire/gen/dsage/v1/client.js';
import type { JobSpec } from '../../wire/gen/dsage/v1/types.js';
import { halvesOf, OutboxEntry } from './outbox-entry.js';
import type { AdoptedJob, Part, PlacedPart } from './outbox-entry.js';

/** A job that is to be submitted. More parts may follow until it is closed. */
export interface Submission {
  readonly spec: JobSpec;
  readonly part: Part;
  readonly closed: boolean;
}

export type OutboxMessage =
  | { readonly type: 'jobs'; readonly jobs: NewJob[] }
  | { readonly type: 'tasks'; readonly tasks: SubmitTasks };

/** Limits of what may be on its way without having been accepted. */
export interface OutboxLimits {
  readonly bytes: number;
  readonly jobs: number;
}

export const OUTBOX_LIMITS: OutboxLimits = { bytes: 8 * 1024 * 1024, jobs: 4096 };

/**
 * A message of new jobs is cut at about this size, which passes HTTP/2's window in one go: the server reads and
 * stores the first of many jobs while the next ones are still being written here.
 */
export const JOBS_MESSAGE_BYTES = 64 * 1024;

/**
 * What was submitted and not yet accepted. It decides what goes into which message, holds back what the
 * limits hold back, and says everything again after a reconnect: the server knows repeats by (session, seq)
 * and by the first index. Pure: messages go in and out as values.
 */
export class Outbox {
  readonly #limits: OutboxLimits;
  readonly #entries = new Map<number, OutboxEntry>();
  /** Entries that may have something to send, in order of submission. */
  #ready: OutboxEntry[] = [];
  #lastSeq = 0;
  #queuedBytes = 0;
  #sentBytes = 0;
  #sentJobs = 0;

  constructor(limits: OutboxLimits = OUTBOX_LIMITS) {
    this.#limits = limits;
  }

  /** Bytes of tasks and programs that are not accepted yet, whether sent or not. */
  get pendingBytes(): number {
    return this.#queuedBytes + this.#sentBytes;
  }

  /** Whether everything that was handed in has been accepted. */
  get settled(): boolean {
    for (const entry of this.#entries.values()) {
      if (!entry.accepted || entry.parts.length > 0 || entry.closeDue) return false;
    }
    return true;
  }

  /** Returns the job's number in this session. */
  submit({ spec, part, closed }: Submission): number {
    const entry = new OutboxEntry(++this.#lastSeq, { spec, closed });
    this.#entries.set(entry.seq, entry);
    this.#queuedBytes += entry.specBytes;
    this.#place(entry, part);
    this.#ready.push(entry);
    return entry.seq;
  }

  /** A job of another session whose tasks come from here now. Returns its number in this session. */
  adopt(job: AdoptedJob): number {
    const entry = new OutboxEntry(++this.#lastSeq, job);
    this.#entries.set(entry.seq, entry);
    return entry.seq;
  }

  /** More tasks for a job that is not closed. A job that the server refused or that has ended takes none. */
  append(seq: number, part: Part): void {
    const entry = this.#entries.get(seq);
    if (entry === undefined || part.count === 0) return;
    this.#place(entry, part);
    this.#ready.push(entry);
  }

  /**
   * No more tasks will come.
   *
   * @param end what the job's coordinator says of it
   */
  close(seq: number, end?: JobEnd): void {
    const entry = this.#entries.get(seq);
    if (entry === undefined || entry.closed) return;
    entry.closed = true;
    entry.end = end;
    if (entry.sent && entry.sentParts === entry.parts.length) {
      entry.closeDue = true;
      this.#ready.push(entry);
    }
  }

  /** The messages that may leave now. Call it again after every acceptance. */
  take(): OutboxMessage[] {
    const messages: OutboxMessage[] = [];
    let batch: NewJob[] = [];
    let batchBytes = 0;
    const flush = (): void => {
      if (batch.length > 0) messages.push({ type: 'jobs', jobs: batch });
      batch = [];
      batchBytes = 0;
    };
    let next = 0;
    for (; next < this.#ready.length && this.#hasRoom(); next++) {
      const entry = this.#ready[next];
      if (entry === undefined || this.#entries.get(entry.seq) !== entry || entry.held) continue;
      if (entry.sent) {
        flush();
        const tasks = this.#takeTasks(entry);
        if (tasks !== undefined) messages.push({ type: 'tasks', tasks });
        if (this.#hasMore(entry)) this.#ready.push(entry);
        continue;
      }
      const job = this.#takeJob(entry);
      batch.push(job);
      batchBytes += entry.specBytes + job.packedTasks.length;
      if (batchBytes >= JOBS_MESSAGE_BYTES) flush();
      if (this.#hasMore(entry)) this.#ready.push(entry);
    }
    flush();
    this.#ready = this.#ready.slice(next);
    return messages;
  }

  /** The server has stored `taskCount` tasks of the job. False for a job that nothing is known of. */
  accept({ seq, taskCount }: Pick<AcceptedJob, 'seq' | 'taskCount'>): boolean {
    const entry = this.#entries.get(seq);
    if (entry === undefined) return false;
    if (!entry.accepted) {
      entry.accepted = true;
      this.#sentJobs -= 1;
      this.#sentBytes -= entry.specBytes;
    }
    while (entry.sentParts > 0) {
      const part = entry.parts[0];
      if (part === undefined || part.firstIndex + part.count > taskCount) break;
      entry.parts.shift();
      entry.sentParts -= 1;
      this.#sentBytes -= part.packedTasks.length;
    }
    if (entry.closed && !entry.closeAlone && !entry.closeDue && entry.parts.length === 0) {
      this.#entries.delete(seq);
    }
    return true;
  }

  /** Whether anything of the job may still be on its way. */
  has(seq: number): boolean {
    return this.#entries.has(seq);
  }

  /** Whether the job had been accepted: then only the tasks that came later are refused. */
  isAccepted(seq: number): boolean {
    return this.#entries.get(seq)?.accepted ?? false;
  }

  /** The job has ended or was refused: nothing of it is sent again. */
  drop(seq: number): void {
    const entry = this.#entries.get(seq);
    if (entry === undefined) return;
    this.#unsend(entry);
    this.#queuedBytes -= entry.parts.reduce((sum, part) => sum + part.packedTasks.length, 0);
    if (!entry.accepted) this.#queuedBytes -= entry.specBytes;
    this.#entries.delete(seq);
  }

  /**
   * The server had no room for more tasks of this job: they wait here until `release`, and the next ones go
   * in smaller parts, since a part that is larger than the whole queue would never fit.
   */
  hold(seq: number): void {
    const entry = this.#entries.get(seq);
    if (entry === undefined || entry.held) return;
    this.#unsend(entry);
    entry.held = true;
    const [first] = entry.parts;
    if (first === undefined || first.count === 1) return;
    const halves = halvesOf(first);
    this.#queuedBytes += halves.reduce(
      (sum, half) => sum + half.packedTasks.length,
      -first.packedTasks.length,
    );
    entry.parts.splice(0, 1, ...halves);
  }

  release(seq: number): void {
    const entry = this.#entries.get(seq);
    if (entry?.held !== true) return;
    entry.held = false;
    this.#ready.push(entry);
  }

  /** The connection was lost: all that was not accepted will be sent again, in order. */
  rewind(): void {
    for (const entry of this.#entries.values()) this.#unsend(entry);
    this.#ready = [...this.#entries.values()].filter((entry) => !entry.held && this.#hasMore(entry));
  }

  #place(entry: OutboxEntry, part: Part): void {
    if (part.count === 0) return;
    const { count, packedTasks } = part;
    entry.parts.push({ count, packedTasks, firstIndex: entry.total });
    entry.total += part.count;
    this.#queuedBytes += part.packedTasks.length;
  }

  #hasRoom(): boolean {
    return this.#sentBytes < this.#limits.bytes && this.#sentJobs < this.#limits.jobs;
  }

  #hasMore(entry: OutboxEntry): boolean {
    return !entry.sent || entry.sentParts < entry.parts.length || entry.closeDue;
  }

  #takeJob(entry: OutboxEntry): NewJob {
    const part = entry.parts[0];
    entry.sent = true;
    this.#move(entry.specBytes);
    this.#sentJobs += 1;
    if (part !== undefined) this.#sendPart(entry, part);
    // A new job has no end: that goes in a message of its own behind it.
    if (entry.isLast && entry.end !== undefined) entry.closeDue = true;
    return {
      seq: entry.seq,
      spec: entry.spec,
      packedTasks: part?.packedTasks ?? Buffer.alloc(0),
      taskCount: part?.count ?? 0,
      closed: entry.isLast && entry.end === undefined,
      watch: true,
    };
  }

  #takeTasks(entry: OutboxEntry): SubmitTasks | undefined {
    if (!this.#hasMore(entry)) return undefined;
    const part = entry.parts[entry.sentParts];
    if (part === undefined) {
      entry.closeDue = false;
      entry.closeAlone = true;
    } else {
      this.#sendPart(entry, part);
    }
    const { adopted } = entry;
    return {
      target:
        adopted === undefined ? { $case: 'seq', value: entry.seq } : { $case: 'job', value: adopted.job },
      firstIndex: part?.firstIndex ?? entry.total,
      packedTasks: part?.packedTasks ?? Buffer.alloc(0),
      taskCount: part?.count ?? 0,
      closed: entry.isLast,
      coordinator: adopted?.coordinator ?? 0,
      end: entry.isLast ? entry.end : undefined,
      replySeq: adopted === undefined ? 0 : entry.seq,
    };
  }

  #sendPart(entry: OutboxEntry, part: PlacedPart): void {
    entry.sentParts += 1;
    this.#move(part.packedTasks.length);
  }

  #move(bytes: number): void {
    this.#queuedBytes -= bytes;
    this.#sentBytes += bytes;
  }

  #unsend(entry: OutboxEntry): void {
    for (const part of entry.parts.slice(0, entry.sentParts)) this.#move(-part.packedTasks.length);
    entry.sentParts = 0;
    if (!entry.accepted && entry.sent) {
      entry.sent = false;
      this.#sentJobs -= 1;
      this.#move(-entry.specBytes);
    }
    // Where something else is still to be sent, that carries the end again.
    entry.closeDue = entry.accepted && entry.parts.length === 0 && (entry.closeAlone || entry.closeDue);
  }
}
