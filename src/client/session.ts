import type { DsageError } from '../model/errors.js';
import { fromProblem } from '../wire/errors.js';
import type {
  Accepted,
  JobAnswers,
  JobChanged,
  JobEnd,
  JobNote,
  OpenSession,
  SessionOpened,
  SessionRequest,
  SessionResponse,
  WatchEvents,
} from '../wire/gen/dsage/v1/client.js';
import { Outbox } from './core/outbox.js';
import type { Submission } from './core/outbox.js';
import type { AdoptedJob, Part } from './core/outbox-entry.js';
import { Watchers } from './core/watchers.js';
import { Link } from './link.js';
import type { Rpc } from './rpc.js';

/** Jobs named in one message. */
const WATCH_BATCH = 4096;
/** When tasks are offered again that the server had no room for. */
const QUEUE_FULL_RETRY_MS = 200;

/** Hears what the session learns of one job. */
export interface JobListener {
  /** Answers from this ordinal on may be missing. */
  readonly nextOrdinal: number;
  /** It wants to hear of changes only; answers may come all the same, for another listener. */
  readonly statusOnly?: boolean;
  onAccepted(job: number): void;
  /** Nothing of it is on the server, or (for a job that was accepted) no more tasks are taken. */
  onRefused(error: DsageError): void;
  onAnswers(batch: JobAnswers): void;
  onChanged(changed: JobChanged): void;
  /** The connection ended for good before the job did. */
  onLost(error: DsageError): void;
}

/**
 * One stream to the server for all submissions and answers of this process. What is submitted in one turn of
 * the event loop leaves in one message; what was not accepted is sent again after a reconnect, and every watch
 * is taken up where it was.
 */
export class Session {
  readonly #outbox = new Outbox();
  readonly #link: Link;
  readonly #submitted = new Map<number, JobListener>();
  readonly #watched = new Watchers<JobListener>();
  #control: SessionRequest[] = [];
  /** The last of each job, and those that the server does not know. */
  readonly #notes = new Map<number, JobNote>();
  readonly #unsaid = new Set<number>();
  /** Submissions that are being prepared. */
  #expected = 0;
  #flushDue = false;
  #rewound = false;
  #end: DsageError | undefined;
  #lastProblem: DsageError | undefined;
  #opened: SessionOpened | undefined;
  readonly #heldTimers = new Set<NodeJS.Timeout>();
  /** Called whenever something may have changed that somebody waits for. */
  readonly #waiters = new Set<() => void>();

  constructor(rpc: Rpc, hello: OpenSession) {
    this.#link = new Link(
      { stream: () => rpc.session(), explain: (error) => rpc.explain(error), hello },
      {
        onOpened: (opened) => this.#onOpened(opened),
        onMessage: (message) => this.#onMessage(message),
        onDrained: () => this.#flush(),
        onDown: (error, isFinal) => this.#onDown(error, isFinal),
      },
    );
  }

  get isConnected(): boolean {
    return this.#link.isOpen;
  }

  /** What the server said of itself and of this user, when it last opened the session. */
  get opened(): SessionOpened | undefined {
    return this.#opened;
  }

  /** Why there is no session any more; undefined while there is one or it is being reconnected. */
  get ended(): DsageError | undefined {
    return this.#end;
  }

  /** Why the last try to connect failed. */
  get lastProblem(): DsageError | undefined {
    return this.#lastProblem;
  }

  start(): void {
    this.#link.start();
  }

  /** Returns at once with the job's number in this session. Throws when the session has ended. */
  submit(submission: Submission, listener: JobListener): number {
    if (this.#end !== undefined) throw this.#end;
    const seq = this.#outbox.submit(submission);
    this.#submitted.set(seq, listener);
    this.#flushSoon();
    return seq;
  }

  append(seq: number, part: Part): void {
    this.#outbox.append(seq, part);
    this.#flushSoon();
  }

  /** @param end what the job's coordinator says of it */
  closeJob(seq: number, end?: JobEnd): void {
    this.#outbox.close(seq, end);
    this.#flushSoon();
  }

  /** Tasks of a job of another session come from here from now on. Returns the job's number in this session. */
  adopt(job: AdoptedJob, listener: JobListener): number {
    if (this.#end !== undefined) throw this.#end;
    const seq = this.#outbox.adopt(job);
    this.#submitted.set(seq, listener);
    return seq;
  }

  /** Sends no more of a job's tasks. */
  abandon(seq: number): void {
    this.#outbox.drop(seq);
  }

  /** Bytes that wait here to be accepted: whoever makes tasks stops when there are too many. */
  get pendingBytes(): number {
    return this.#outbox.pendingBytes;
  }

  watch(job: number, listener: JobListener): void {
    if (this.#end !== undefined) throw this.#end;
    this.#watched.add(job, listener);
    this.#askFor([job]);
    this.#flushSoon();
  }

  /** Tells what a job says of itself; a server that was restarted is told again. */
  note(note: JobNote): void {
    if (this.#end !== undefined) return;
    this.#notes.set(note.job, note);
    this.#unsaid.add(note.job);
    this.#flushSoon();
  }

  /** Resolves once `condition` holds; it is asked again whenever the session has news. Rejects when the session ends. */
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        if (condition()) resolve();
        else if (this.#end !== undefined) reject(this.#end);
        else return;
        this.#waiters.delete(check);
      };
      this.#waiters.add(check);
      check();
    });
  }

  /** Everything that was submitted is on the server, and nothing is being prepared that will be. */
  get isSettled(): boolean {
    return this.#expected === 0 && this.#outbox.settled;
  }

  /** Something that is being prepared will be submitted by the time that this resolves, or never. */
  expect(submitted: Promise<void>): void {
    this.#expected += 1;
    void submitted.then(() => {
      this.#expected -= 1;
      this.#wake();
    });
  }

  /** Ends the session: whoever still waits gets `error`. Idempotent. */
  stop(error: DsageError): void {
    if (this.#end !== undefined) return;
    this.#end = error;
    this.#link.stop();
    for (const timer of this.#heldTimers) clearTimeout(timer);
    const listeners = new Set([...this.#submitted.values(), ...this.#watched.all()]);
    this.#submitted.clear();
    this.#watched.clear();
    for (const listener of listeners) listener.onLost(error);
    this.#wake();
  }

  #onOpened(opened: SessionOpened): void {
    this.#opened = opened;
    if (this.#rewound) {
      this.#control = [];
      this.#askFor([...this.#watched.jobs()]);
      for (const job of this.#notes.keys()) this.#unsaid.add(job);
    }
    this.#wake();
    this.#flush();
  }

  #onDown(error: DsageError | undefined, isFinal: boolean): void {
    this.#lastProblem = error;
    this.#rewound = true;
    this.#outbox.rewind();
    if (isFinal && error !== undefined) this.stop(error);
    else this.#wake();
  }

  #onMessage({ message }: SessionResponse): void {
    if (message?.$case === 'accepted') this.#onAccepted(message.value);
    else if (message?.$case === 'events') this.#onEvents(message.value);
  }

  #onAccepted({ jobs, refused }: Accepted): void {
    for (const accepted of jobs) {
      const isFirst = !this.#outbox.isAccepted(accepted.seq);
      const listener = this.#submitted.get(accepted.seq);
      this.#outbox.accept(accepted);
      if (!isFirst || listener === undefined || this.#watched.has(accepted.job, listener)) continue;
      this.#watched.add(accepted.job, listener);
      // A repeated submission may be answered without the watch that came with the first one.
      if (this.#rewound) this.#askFor([accepted.job]);
      listener.onAccepted(accepted.job);
    }
    for (const { seq, problem } of refused) this.#refuse(seq, fromProblem(problem));
    this.#wake();
    this.#flush();
  }

  #refuse(seq: number, error: DsageError): void {
    // Parts that were on their way behind a refused one are refused too, and say nothing new.
    if (!this.#outbox.has(seq)) return;
    if (!this.#outbox.isAccepted(seq)) {
      this.#outbox.drop(seq);
      this.#takeSubmitted(seq)?.onRefused(error);
      return;
    }
    // A full queue empties; what was sent behind a refused part does not fit on to what the server has.
    if (error.code === 'queue-full' || error.code === 'invalid-argument') {
      this.#outbox.hold(seq);
      const timer = setTimeout(() => {
        this.#heldTimers.delete(timer);
        this.#outbox.release(seq);
        this.#flush();
      }, QUEUE_FULL_RETRY_MS);
      this.#heldTimers.add(timer);
      return;
    }
    this.#outbox.drop(seq);
    this.#submitted.get(seq)?.onRefused(error);
  }

  #onEvents({ answers, changed }: WatchEvents): void {
    for (const batch of answers) this.#watched.forEach(batch.job, (listener) => listener.onAnswers(batch));
    for (const change of changed) {
      this.#watched.forEach(change.job, (listener) => listener.onChanged(change));
    }
  }

  /** The job has ended: nothing of it is sent, repeated or watched any more. The server knows: it said so. */
  finished(listener: JobListener, job: number, seq: number | undefined): void {
    if (seq !== undefined) {
      this.#outbox.drop(seq);
      this.#submitted.delete(seq);
    }
    this.#notes.delete(job);
    this.#unsaid.delete(job);
    this.#watched.delete(job, listener);
  }

  #takeSubmitted(seq: number): JobListener | undefined {
    const listener = this.#submitted.get(seq);
    this.#submitted.delete(seq);
    return listener;
  }

  /** From the first answer on that one of the job's listeners may not have; none when nobody wants them. */
  #askFor(jobs: readonly number[]): void {
    for (let start = 0; start < jobs.length; start += WATCH_BATCH) {
      const batch = jobs.slice(start, start + WATCH_BATCH).map((job) => {
        let fromOrdinal = Infinity;
        this.#watched.forEach(job, (listener) => {
          if (listener.statusOnly !== true) fromOrdinal = Math.min(fromOrdinal, listener.nextOrdinal);
        });
        const statusOnly = fromOrdinal === Infinity;
        return { job, fromOrdinal: statusOnly ? 0 : fromOrdinal, statusOnly };
      });
      this.#control.push({ message: { $case: 'watch', value: { jobs: batch } } });
    }
  }

  /** At the end of this turn, so that submissions that are started together leave together. */
  #flushSoon(): void {
    if (this.#flushDue) return;
    this.#flushDue = true;
    setImmediate(() => {
      this.#flushDue = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#link.isWritable) this.#writeControl();
    if (this.#link.isWritable) this.#writeSubmissions();
    if (this.#link.isWritable) this.#writeNotes();
  }

  #writeControl(): void {
    for (const message of this.#control.splice(0)) this.#link.write(message);
  }

  #writeSubmissions(): void {
    for (const message of this.#outbox.take()) {
      this.#link.write(
        message.type === 'jobs'
          ? { message: { $case: 'jobs', value: { jobs: message.jobs } } }
          : { message: { $case: 'tasks', value: message.tasks } },
      );
    }
  }

  #writeNotes(): void {
    for (const job of this.#unsaid) {
      const note = this.#notes.get(job);
      if (note !== undefined) this.#link.write({ message: { $case: 'note', value: note } });
    }
    this.#unsaid.clear();
  }

  #wake(): void {
    for (const waiter of [...this.#waiters]) waiter();
  }
}
