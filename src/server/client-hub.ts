import type { ServerDuplexStream } from '@grpc/grpc-js';

import type { JobId, JobRecord } from '../model/job.js';
import { isFinal } from '../model/status.js';
import type { Identity } from '../model/user.js';
import { TARGET_BATCH_BYTES } from '../model/protocol.js';
import { bufferOf, statusToMessage } from '../wire/convert.js';
import type { JobAnswers, JobChanged, SessionRequest, SessionResponse } from '../wire/gen/dsage/v1/client.js';
import { Status } from '../wire/gen/dsage/v1/types.js';
import { AnswerRecordsWriter } from '../wire/packed.js';
import type { JobSnapshot, Problem, Send } from './core/effects.js';
import type { State } from './core/state.js';
import { snapshotOf } from './core/transition.js';
import type { Store } from './store/store.js';

const NOTHING = Buffer.alloc(0);

type Stream = ServerDuplexStream<SessionRequest, SessionResponse>;

/** One job as one client follows it. */
interface Watch {
  readonly job: JobId;
  readonly statusOnly: boolean;
  /** The next ordinal to send. */
  next: number;
  /** Ordinals before this one are committed. */
  available: number;
  generation: number;
  /** To be sent once the answers before it are. */
  snapshot: JobSnapshot | undefined;
  /** Answers that were committed just now: saves reading them back. */
  fresh: { readonly firstOrdinal: number; readonly records: readonly Uint8Array[] } | undefined;
}

/** A client's stream. What is to be said is gathered here and leaves in batches, as fast as the client reads. */
export class ClientLink {
  /** What the client calls its session. */
  readonly id: string;
  readonly identity: Identity;
  readonly host: string;
  readonly pid: number;
  readonly packageVersion: string;
  readonly connectedAtMs: number;
  readonly stream: Stream;
  readonly watches = new Map<JobId, Watch>();
  readonly pending = new Set<Watch>();
  /** Submissions whose job is to be watched once it has a number. */
  readonly watchSeqs = new Set<number>();
  accepted: { seq: number; job: number; taskCount: number }[] = [];
  refused: { seq: number; problem: Problem }[] = [];
  /** Counts streams since the server's start; the hub says it. */
  connection = 0;
  isWritable = true;

  constructor(
    stream: Stream,
    about: {
      id: string;
      identity: Identity;
      host: string;
      pid: number;
      packageVersion: string;
      now: number;
    },
  ) {
    this.stream = stream;
    this.id = about.id;
    this.identity = about.identity;
    this.host = about.host;
    this.pid = about.pid;
    this.packageVersion = about.packageVersion;
    this.connectedAtMs = about.now;
  }

  /** The session's name on the server: no user can repeat another one's submissions, whatever id they guess. */
  get session(): string {
    return `${this.identity.name}/${this.id}`;
  }

  write(response: SessionResponse['message']): void {
    this.isWritable = this.stream.write({ message: response });
  }
}

/** Steps 2 and 6 of the flow, the clients' side: acknowledgements, answers and changes of jobs. */
export class ClientHub {
  readonly #state: State;
  readonly #store: Store;
  readonly #links = new Map<string, ClientLink>();
  readonly #watchers = new Map<JobId, Set<ClientLink>>();
  readonly #touched = new Set<ClientLink>();
  #lastConnection = 0;
  readonly #packer = new AnswerRecordsWriter();

  constructor(state: State, store: Store) {
    this.#state = state;
    this.#store = store;
  }

  get links(): Iterable<ClientLink> {
    return this.#links.values();
  }

  get size(): number {
    return this.#links.size;
  }

  /** Takes a stream in; one of the same session that is still open is ended: the client has left it. */
  add(link: ClientLink): void {
    this.#lastConnection += 1;
    link.connection = this.#lastConnection;
    const before = this.#links.get(link.session);
    if (before !== undefined) this.remove(before);
    before?.stream.end();
    this.#links.set(link.session, link);
    link.stream.on('drain', () => {
      link.isWritable = true;
      this.#flushLink(link);
    });
  }

  remove(link: ClientLink): void {
    if (this.#links.get(link.session) === link) this.#links.delete(link.session);
    for (const job of link.watches.keys()) this.unwatch(link, job);
    this.#touched.delete(link);
  }

  deliver(send: Send): void {
    if (send.type === 'accept') this.#accept(send);
    else if (send.type === 'refuse') this.#refuse(send);
    else if (send.type === 'announce-answers') this.#announceAnswers(send);
    else if (send.type === 'announce-job') this.#announceJob(send);
  }

  /** Follows a job from an ordinal on. Call it when no commit is under way. */
  watch(link: ClientLink, job: JobId, options: { from: number; statusOnly: boolean; isNew: boolean }): void {
    const snapshot = this.#snapshot(job);
    if (snapshot === undefined) return;
    const isQuiet = options.isNew && snapshot.answerCount === 0 && snapshot.endedAtMs === 0;
    const watch: Watch = {
      job,
      statusOnly: options.statusOnly,
      next: options.from,
      available: snapshot.answerCount,
      generation: snapshot.generation,
      snapshot: isQuiet ? undefined : snapshot,
      fresh: undefined,
    };
    link.watches.set(job, watch);
    const watchers = this.#watchers.get(job);
    if (watchers === undefined) this.#watchers.set(job, new Set([link]));
    else watchers.add(link);
    if (!isQuiet) this.#touch(link, watch);
  }

  /** Tells a client that it cannot follow a job. */
  tellMissing(link: ClientLink, job: JobId, reason: string): void {
    const counts = { waiting: 0, processing: 0, completed: 0, failed: 0, killed: 0 };
    const changed = {
      job,
      status: Status.UNSPECIFIED,
      counts,
      answerCount: 0,
      startedAtMs: 0,
      endedAtMs: 0,
      reason,
      generation: 0,
      hasOutput: false,
      result: NOTHING,
    };
    link.write({ $case: 'events', value: { answers: [], changed: [changed] } });
  }

  unwatch(link: ClientLink, job: JobId): void {
    const watch = link.watches.get(job);
    if (watch === undefined) return;
    link.watches.delete(job);
    link.pending.delete(watch);
    const watchers = this.#watchers.get(job);
    watchers?.delete(link);
    if (watchers?.size === 0) this.#watchers.delete(job);
  }

  /** Sends what was gathered. */
  flush(): void {
    for (const link of this.#touched) this.#flushLink(link);
    this.#touched.clear();
  }

  #accept({ session, seq, job, taskCount }: Extract<Send, { type: 'accept' }>): void {
    const link = this.#links.get(session);
    if (link === undefined) return;
    link.accepted.push({ seq, job, taskCount });
    if (link.watchSeqs.delete(seq)) this.watch(link, job, { from: 0, statusOnly: false, isNew: true });
    this.#touched.add(link);
  }

  #refuse({ session, connection, seq, problem }: Extract<Send, { type: 'refuse' }>): void {
    const link = this.#links.get(session);
    if (link?.connection !== connection) return;
    link.watchSeqs.delete(seq);
    link.refused.push({ seq, problem });
    this.#touched.add(link);
  }

  #announceAnswers({ job, firstOrdinal, count, records }: Extract<Send, { type: 'announce-answers' }>): void {
    for (const link of this.#watchers.get(job) ?? []) {
      const watch = link.watches.get(job);
      if (watch === undefined) continue;
      watch.available = firstOrdinal + count;
      const isComplete = records.length === count && watch.next === firstOrdinal;
      watch.fresh = isComplete ? { firstOrdinal, records } : undefined;
      this.#touch(link, watch);
    }
  }

  #announceJob({ job, snapshot }: Extract<Send, { type: 'announce-job' }>): void {
    for (const link of this.#watchers.get(job) ?? []) {
      const watch = link.watches.get(job);
      if (watch === undefined) continue;
      if (watch.generation !== snapshot.generation) {
        // After a rerun all of its answers are told again, from the first.
        watch.generation = snapshot.generation;
        watch.next = 0;
        watch.available = snapshot.answerCount;
        watch.fresh = undefined;
      }
      watch.snapshot = snapshot;
      this.#touch(link, watch);
    }
  }

  #touch(link: ClientLink, watch: Watch): void {
    link.pending.add(watch);
    this.#touched.add(link);
  }

  #snapshot(job: JobId): JobSnapshot | undefined {
    const live = this.#state.jobs.get(job);
    if (live !== undefined) return snapshotOf(live);
    const record = this.#store.job(job);
    return record === undefined ? undefined : snapshotOfEnded(record);
  }

  #flushLink(link: ClientLink): void {
    if (link.accepted.length > 0 || link.refused.length > 0) {
      const { accepted, refused } = link;
      [link.accepted, link.refused] = [[], []];
      link.write({ $case: 'accepted', value: { jobs: accepted, refused } });
    }
    while (link.isWritable && link.pending.size > 0) {
      const answers: JobAnswers[] = [];
      const changed: JobChanged[] = [];
      let room = TARGET_BATCH_BYTES;
      for (const watch of link.pending) {
        room = this.#gather(watch, room, answers);
        if (room <= 0 && watch.next < watch.available && !watch.statusOnly) break;
        link.pending.delete(watch);
        const { snapshot } = watch;
        watch.snapshot = undefined;
        if (snapshot === undefined) continue;
        changed.push(toChanged(watch.job, snapshot));
        // The end is the last that is said. Who reruns the job asks for it anew, and so misses none of the answers.
        if (isFinal(snapshot.status)) this.unwatch(link, watch.job);
      }
      link.write({ $case: 'events', value: { answers, changed } });
    }
    // Whoever reads slowly gets the rest from the store.
    for (const watch of link.pending) watch.fresh = undefined;
  }

  /** Takes committed answers of one job, up to `room` bytes; the room that is left. */
  #gather(watch: Watch, room: number, answers: JobAnswers[]): number {
    if (watch.statusOnly || watch.next >= watch.available) return room;
    let left = room;
    let firstOrdinal = watch.next;
    const close = (next: number) => {
      if (this.#packer.count > 0) {
        const { count } = this.#packer;
        answers.push({ job: watch.job, firstOrdinal, count, packedAnswers: this.#packer.take() });
      }
      firstOrdinal = next;
    };
    for (const { ordinal, record } of this.#answersOf(watch)) {
      if (ordinal >= watch.available || left <= 0) break;
      // An ordinal that a rerun took back leaves a gap: a batch has none.
      if (ordinal !== firstOrdinal + this.#packer.count) close(ordinal);
      this.#packer.add(record);
      left -= record.length;
      watch.next = ordinal + 1;
    }
    if (left > 0) watch.next = watch.available;
    close(watch.next);
    watch.fresh = undefined;
    return left;
  }

  *#answersOf(watch: Watch): Iterable<{ readonly ordinal: number; readonly record: Uint8Array }> {
    const { fresh } = watch;
    if (fresh?.firstOrdinal !== watch.next) {
      yield* this.#store.answers(watch.job, watch.next);
      return;
    }
    let ordinal = fresh.firstOrdinal;
    for (const record of fresh.records) {
      yield { ordinal, record };
      ordinal += 1;
    }
  }
}

/** What watchers are told of a job that only the store knows. */
function snapshotOfEnded({ state }: JobRecord): JobSnapshot {
  const ended = state.ends.completed + state.ends.failed + state.ends.killed;
  return {
    status: state.status,
    counts: { ...state.ends, processing: 0, waiting: Math.max(0, state.taskCount - ended) },
    answerCount: state.answerCount,
    generation: state.generation,
    startedAtMs: state.startedAtMs,
    endedAtMs: state.endedAtMs,
    reason: state.reason,
    hasOutput: state.hasOutput,
    result: state.result,
  };
}

function toChanged(job: JobId, snapshot: JobSnapshot): JobChanged {
  const { result, status, ...facts } = snapshot;
  return {
    ...facts,
    job,
    status: statusToMessage(status),
    result: result === undefined ? NOTHING : bufferOf(result),
  };
}
