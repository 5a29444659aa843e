import { AnswerLedger } from '#dsage/client/core/answers.js';
import { Outbox } from '#dsage/client/core/outbox.js';
import { isFinal } from '#dsage/model/status.js';
import { statusFromMessage } from '#dsage/wire/convert.js';
import type { Accepted, JobChanged, SessionResponse, WatchEvents } from '#dsage/wire/gen/dsage/v1/client.js';
import { JobSpec as WireSpec } from '#dsage/wire/gen/dsage/v1/types.js';
import { PackedTasksWriter } from '#dsage/wire/packed.js';
import { readPayload } from '#dsage/wire/payload.js';

import { Connection } from './connection.js';
import type { FromClient, Request, ToClient } from './messages.js';
import type { Handle } from './handle.js';
import type { Plan } from './plan.js';
import { Process } from './process.js';
import type { World } from './world.js';

/** What the outbox is given: it looks at nothing but the size. The server is given the plan's own. */
const SPEC = WireSpec.decode(new Uint8Array(0));

/** A client: the real outbox and ledger, with what the client's session does around them. It never dies. */
export class SimClient extends Process {
  readonly session: string;
  readonly owner: string;
  readonly handles = new Map<number, Handle>();
  #outbox = new Outbox();
  readonly #watched = new Map<number, Handle>();
  #stream: Connection<FromClient, ToClient> | undefined;
  #isOpen = false;
  #hasReconnected = false;
  #failures = 0;
  /** Calls that may still be answered on this stream. */
  #unanswered = 0;

  constructor(world: World, session: string, owner: string) {
    super(world, session);
    this.session = session;
    this.owner = owner;
    this.#open();
  }

  submit(plan: Plan): Handle {
    const part = this.#part(plan, 0, plan.parts[0] ?? 0);
    const seq = this.#outbox.submit({ spec: SPEC, part, closed: plan.parts.length <= 1 });
    plan.name = `${this.owner}/${this.session}/${String(seq)}`;
    this.world.plans.set(plan.name, plan);
    const handle: Handle = {
      ...{ seq, plan, ledger: new AnswerLedger(), id: undefined, generation: 0 },
      ...{ status: 'waiting', isSettled: false, problem: undefined },
    };
    this.handles.set(seq, handle);
    this.log(`submits job ${String(seq)} of ${plan.parts.join(' + ')} tasks`);
    let first = plan.parts[0] ?? 0;
    let delayMs = 0;
    for (const [place, count] of plan.parts.entries()) {
      if (place === 0) continue;
      const start = first;
      delayMs += this.world.random.delay(0, 2_000);
      this.after(delayMs, () => {
        this.#outbox.append(seq, this.#part(plan, start, count));
        if (place === plan.parts.length - 1) this.#outbox.close(seq);
        this.#flush();
      });
      first += count;
    }
    this.#flush();
    return handle;
  }

  /** As the client does it: once all have their numbers, and not at all when one is refused. */
  submitAfter(plan: Plan, others: readonly Handle[]): void {
    if (others.some(({ id, problem }) => id === undefined && problem !== undefined)) return;
    const after = others.flatMap(({ id }) => id ?? []);
    if (after.length < others.length) {
      this.after(20, () => {
        this.submitAfter(plan, others);
      });
      return;
    }
    plan.spec = { ...plan.spec, after };
    this.submit(plan);
  }

  /** Calls the server once; nobody knows what became of a call whose stream broke. */
  request(request: Request, answered: (ok: boolean) => void = () => undefined): void {
    if (!this.#isOpen) return;
    this.log(`asks for ${JSON.stringify(request)}`);
    this.#unanswered += 1;
    this.#stream?.sendUp({ type: 'request', request, answered });
  }

  rerun(handle: Handle, onlyFailed: boolean): void {
    const { id } = handle;
    if (id === undefined) return;
    this.request({ type: 'rerun', job: id, onlyFailed }, (ok) => {
      if (!ok) return;
      handle.ledger.clear();
      handle.generation += 1;
      handle.status = 'waiting';
      handle.isSettled = false;
      handle.problem = undefined;
      this.#watched.set(id, handle);
      this.#askFor([handle]);
    });
  }

  breakStream(): void {
    this.#stream?.break();
  }

  get isSettled(): boolean {
    return (
      this.#unanswered === 0 &&
      this.#outbox.settled &&
      [...this.handles.values()].every((handle) => handle.isSettled)
    );
  }

  #part(plan: Plan, firstIndex: number, count: number) {
    const writer = new PackedTasksWriter();
    for (let index = firstIndex; index < firstIndex + count; index += 1) {
      writer.add(Buffer.from(`${plan.key}/${String(index)}`));
    }
    return { count, packedTasks: writer.take() };
  }

  #open(): void {
    const { server } = this.world;
    if (server === undefined) {
      this.#retry();
      return;
    }
    const near = {
      process: this,
      onMessage: (message: ToClient) => {
        if (this.#stream === stream) this.#take(message);
      },
      onClosed: () => {
        if (this.#stream !== stream) return;
        this.log('is disconnected');
        this.#stream = undefined;
        this.#isOpen = false;
        this.#unanswered = 0;
        this.#hasReconnected = true;
        this.#outbox.rewind();
        this.#retry();
      },
    };
    const stream: Connection<FromClient, ToClient> = new Connection(
      this.world,
      near,
      server.clients.accept(() => stream),
    );
    this.world.connections.add(stream);
    this.#stream = stream;
    stream.sendUp({ type: 'open', session: this.session, owner: this.owner });
  }

  #retry(): void {
    this.#failures += 1;
    const full = Math.min(this.world.config.retryMs, 50 * 2 ** this.#failures);
    this.after(full * this.world.random.between(0.5, 1), () => {
      this.#open();
    });
  }

  #take(message: ToClient): void {
    if (message.type === 'opened') {
      this.#failures = 0;
      this.#isOpen = true;
      this.log('is connected');
      if (this.#hasReconnected) this.#askFor([...this.#watched.values()]);
      this.#flush();
    } else if (message.type === 'reply') {
      this.#unanswered -= 1;
      message.answered(message.ok);
    } else {
      this.#respond(message.response);
    }
  }

  #respond({ message }: SessionResponse): void {
    if (message?.$case === 'accepted') this.#accepted(message.value);
    else if (message?.$case === 'events') this.#events(message.value);
  }

  #accepted({ jobs, refused }: Accepted): void {
    for (const accepted of jobs) {
      const isFirst = !this.#outbox.isAccepted(accepted.seq);
      const handle = this.handles.get(accepted.seq);
      this.#outbox.accept(accepted);
      this.log(`is told that job ${accepted.seq} is ${accepted.job} with ${accepted.taskCount} tasks`);
      if (handle === undefined) continue;
      this.world.ensure(
        handle.id === undefined || handle.id === accepted.job,
        `submission ${this.session}/${accepted.seq} is job ${String(handle.id)} and job ${accepted.job}`,
      );
      if (!isFirst || handle.isSettled) continue;
      handle.id = accepted.job;
      if (this.#watched.has(accepted.job)) continue;
      this.#watched.set(accepted.job, handle);
      if (this.#hasReconnected) this.#askFor([handle]);
    }
    for (const { seq, problem } of refused) this.#refused(seq, problem?.code ?? '');
    this.#flush();
  }

  #refused(seq: number, code: string): void {
    this.log(`is refused job ${seq}: ${code}`);
    const handle = this.handles.get(seq);
    if (!this.#outbox.isAccepted(seq)) {
      this.#outbox.drop(seq);
      if (handle === undefined || handle.id !== undefined) return;
      handle.isSettled = true;
      handle.problem = code;
      return;
    }
    if (code === 'queue-full' || code === 'invalid-argument') {
      this.#outbox.hold(seq);
      this.after(200, () => {
        this.#outbox.release(seq);
        this.#flush();
      });
      return;
    }
    this.#outbox.drop(seq);
  }

  #events({ answers, changed }: WatchEvents): void {
    for (const batch of answers) {
      const handle = this.#watched.get(batch.job);
      if (handle === undefined) continue;
      const isGap = handle.generation === 0 && batch.firstOrdinal > handle.ledger.nextOrdinal;
      this.world.ensure(!isGap, `answers of job ${batch.job} come from ordinal ${batch.firstOrdinal} on`);
      for (const index of handle.ledger.add(batch).indexes) this.#checkAnswer(handle, index);
    }
    for (const change of changed) {
      const handle = this.#watched.get(change.job);
      if (handle !== undefined) this.#changed(handle, change);
    }
  }

  #checkAnswer(handle: Handle, index: number): void {
    const answer = handle.ledger.answer(index);
    if (answer?.outcome !== 'completed') return;
    const content = readPayload(answer.payload);
    // A coordinator that ended its job gave what it had to give with that.
    if (content.type === 'none' && index === 0 && handle.plan.coordinator !== undefined) return;
    const text = content.type === 'inline' ? Buffer.from(content.bytes).toString() : '';
    this.world.ensure(text === `${handle.plan.name}/${index}`, `the answer to ${index} is ${text}`);
  }

  #changed(handle: Handle, change: JobChanged): void {
    if (change.status === 0) {
      // Forgotten, by this client's own request.
      this.#finish(handle, 'forgotten');
      return;
    }
    if (change.generation < handle.generation) return;
    if (change.generation > handle.generation) {
      handle.ledger.clear();
      handle.generation = change.generation;
      this.#askFor([handle]);
    }
    handle.status = statusFromMessage(change.status);
    if (!isFinal(handle.status)) return;
    const { completed = 0, failed = 0 } = change.counts ?? {};
    this.log(`is told that job ${change.job} is ${handle.status}`);
    if (handle.ledger.count < completed + failed) {
      // Only a rerun that was not seen from its start is told before its answers; they have been asked for.
      this.world.ensure(
        change.generation > 0,
        `job ${change.job} ended with ${completed + failed} answers, of which ${handle.ledger.count} came`,
      );
      handle.status = 'waiting';
      return;
    }
    this.#finish(handle, undefined);
  }

  #finish(handle: Handle, problem: string | undefined): void {
    handle.isSettled = true;
    handle.problem = problem;
    this.#outbox.drop(handle.seq);
    if (handle.id !== undefined) this.#watched.delete(handle.id);
    this.#flush();
  }

  #askFor(handles: readonly Handle[]): void {
    const jobs = handles.flatMap(({ id, ledger }) =>
      id === undefined ? [] : [{ job: id, from: ledger.nextOrdinal }],
    );
    if (this.#isOpen && jobs.length > 0) this.#stream?.sendUp({ type: 'watch', jobs });
  }

  #flush(): void {
    if (!this.#isOpen) return;
    for (const message of this.#outbox.take()) {
      if (message.type === 'tasks') {
        this.#stream?.sendUp({ type: 'tasks', tasks: message.tasks });
        continue;
      }
      const jobs = message.jobs.flatMap((job) => {
        const handle = this.handles.get(job.seq);
        return handle === undefined ? [] : [{ job, spec: handle.plan.spec }];
      });
      this.#stream?.sendUp({ type: 'jobs', jobs });
    }
  }
}
