import type { Lease, Outcome } from '#dsage/model/task.js';
import type { WorkerInfo } from '#dsage/model/worker.js';
import { writeAnswerRecord } from '#dsage/wire/packed.js';
import { inlinePayload } from '#dsage/wire/payload.js';
import { nextWake, step } from '#dsage/worker/core/agent.js';
import { check } from '#dsage/worker/core/check.js';
import type { AgentEvent, Effect, Report } from '#dsage/worker/core/events.js';
import { type AgentState, type Held, initialState } from '#dsage/worker/core/state.js';

import { Connection } from './connection.js';
import { SimCoordinator } from './coordinator.js';
import type { FromWorker, ToWorker } from './messages.js';
import { Process } from './process.js';
import type { World } from './world.js';

/** A child process of a worker: runs one task after the other, and hears of everything a moment later. */
interface SimSlot {
  readonly number: number;
  readonly waiting: Held[];
  running: { readonly held: Held; readonly timer: { cancel(): void } } | undefined;
}

/** One life of a worker: the real core, with slots whose tasks take virtual time. */
export class SimWorker extends Process {
  readonly instance: string;
  readonly info: WorkerInfo;
  readonly state: AgentState;
  readonly #slots: SimSlot[];
  #stream: Connection<FromWorker, ToWorker> | undefined;
  #wake: { readonly atMs: number; cancel(): void } | undefined;
  #reports: Report[] = [];
  #failures = 0;
  /** Called when it has drained and may end. */
  readonly #onDrained: () => void;

  constructor(world: World, instance: string, info: WorkerInfo, onDrained: () => void) {
    super(world, instance);
    this.instance = instance;
    this.info = info;
    this.#onDrained = onDrained;
    this.state = initialState(info.slots, info.coordinators);
    this.#slots = Array.from({ length: info.slots + info.coordinators }, (_, number) => ({
      number,
      waiting: [],
      running: undefined,
    }));
    this.log('starts');
    this.#open();
  }

  /** SIGKILL: its children end with it, and nobody says goodbye. */
  kill(): void {
    this.log('is killed');
    this.end();
    for (const { running } of this.#slots) running?.timer.cancel();
    this.#stream?.break();
  }

  breakStream(): void {
    this.#stream?.break();
  }

  drain(): void {
    this.within(() => {
      this.dispatch({ type: 'drain-received', reason: 'SIGTERM', stop: true });
    });
  }

  dispatch(event: AgentEvent): void {
    if (!this.isAlive) return;
    this.world.steps += 1;
    this.log(`has ${this.world.describe(event)}`);
    const effects = step(this.state, event, this.world.time.nowMs);
    check(this.state);
    for (const effect of effects) this.#perform(effect);
    this.#setWake();
  }

  #setWake(): void {
    const now = this.world.time.nowMs;
    const wakeMs = nextWake(this.state, now);
    if (wakeMs === Infinity || (this.#wake !== undefined && this.#wake.atMs <= wakeMs)) return;
    this.#wake?.cancel();
    const timer = this.after(Math.max(1, wakeMs - now), () => {
      this.#wake = undefined;
      this.dispatch({ type: 'woke' });
    });
    this.#wake = {
      atMs: wakeMs,
      cancel: () => {
        timer.cancel();
      },
    };
  }

  #open(): void {
    if (!this.isAlive) return;
    const { server } = this.world;
    if (server === undefined) {
      this.#retry();
      return;
    }
    const near = {
      process: this,
      onMessage: (message: ToWorker) => {
        if (this.#stream === stream) this.#take(message);
      },
      onClosed: () => {
        if (this.#stream !== stream) return;
        this.#stream = undefined;
        this.dispatch({ type: 'disconnected' });
        this.#retry();
      },
    };
    const stream: Connection<FromWorker, ToWorker> = new Connection(
      this.world,
      near,
      server.workers.accept(() => stream),
    );
    this.world.connections.add(stream);
    this.#stream = stream;
    this.dispatch({ type: 'stream-opened' });
  }

  #retry(): void {
    this.#failures += 1;
    const full = Math.min(this.world.config.retryMs, 50 * 2 ** this.#failures);
    this.after(full * this.world.random.between(0.5, 1), () => {
      this.#open();
    });
  }

  #take(message: ToWorker): void {
    switch (message.type) {
      case 'registered':
        this.#failures = 0;
        this.dispatch({ ...message, renewMs: this.world.config.renewMs });
        break;
      case 'leases':
        this.dispatch({ ...message, type: 'leases-received' });
        break;
      case 'recorded':
        this.dispatch({ type: 'answers-recorded', seq: message.seq });
        this.world.ensure(
          this.state.acknowledgedSeq <= message.seq,
          `${this.name} forgets what is not recorded`,
        );
        break;
      case 'kill':
        this.dispatch({ ...message, type: 'kill-received' });
        break;
      case 'drain':
        this.dispatch({ ...message, type: 'drain-received', isFromServer: true });
        break;
      case 'resume':
        this.dispatch({ type: 'resume-received' });
        break;
    }
  }

  #perform(effect: Effect): void {
    const { random } = this.world;
    switch (effect.type) {
      case 'register':
        this.#stream?.sendUp({
          type: 'register',
          instance: this.instance,
          info: this.info,
          held: effect.held,
        });
        break;
      case 'send':
        this.#stream?.sendUp({ type: 'outgoing', message: effect.message });
        break;
      case 'renew':
        this.#stream?.sendUp(effect);
        break;
      case 'announce-drain':
        this.#stream?.sendUp({ type: 'draining', stop: effect.stop });
        break;
      case 'reconnect':
        this.#stream?.break();
        break;
      case 'run':
        for (const held of effect.leases) this.#toSlot(effect.slot, (slot) => slot.waiting.push(held));
        break;
      case 'revoke':
        this.#toSlot(effect.slot, (slot) => {
          for (const held of effect.leases) {
            const place = slot.waiting.indexOf(held);
            if (place >= 0) slot.waiting.splice(place, 1);
          }
        });
        break;
      case 'kill':
        this.#toSlot(effect.slot, (slot) => {
          this.#kill(slot, effect.lease);
        });
        break;
      case 'fetch-program':
        this.after(random.delay(1, 300), () => {
          const { job } = effect.program;
          if (random.chance(0.8) || this.world.isCalm) this.dispatch({ type: 'program-fetched', job });
          else this.dispatch({ type: 'program-failed', job, reason: 'no blob today' });
        });
        break;
      case 'fetch-input':
        break;
      case 'store-answer':
        this.after(random.delay(1, 300), () => {
          const record = this.#recordOf(effect.lease, 'completed');
          this.dispatch({ type: 'answer-stored', lease: effect.lease, outcome: 'completed', record });
        });
        break;
      case 'forget-program':
        break;
      case 'drained':
        // Told to stay, it idles until somebody ends it, or resumes it.
        this.after(effect.stop ? 0 : random.between(100, 2_000), () => {
          if (this.state.drained) this.#leave();
        });
        break;
    }
  }

  readonly #leave = () => {
    this.log('has drained and ends');
    this.end();
    this.#stream?.break({ losesNothing: true });
    this.#onDrained();
  };

  /** Commands reach the child in order and a moment later: it may have gone on meanwhile. */
  #toSlot(number: number, command: (slot: SimSlot) => void): void {
    const slot = this.#slots[number];
    if (slot === undefined) throw new Error(`there is no slot ${String(number)}`);
    this.world.time.after(0.3, () => {
      if (!this.isAlive) return;
      command(slot);
      this.#startNext(slot);
    });
  }

  #startNext(slot: SimSlot): void {
    if (slot.running !== undefined) return;
    const held = slot.waiting.shift();
    if (held === undefined) return;
    const plan = this.world.started(held, this);
    this.log(`starts task ${held.job}/${held.index}#${held.attempt} in slot ${slot.number}`);
    const { coordinator } = this.world.planOfJob(held.job);
    if (held.index === 0 && coordinator !== undefined) {
      const onEnded = (outcome: Outcome) => {
        this.#ended(slot, outcome);
      };
      slot.running = { held, timer: new SimCoordinator(this.world, { lease: held, ...plan, onEnded }) };
      return;
    }
    // The child is a process of its own: it computes on while its parent stands still.
    const timer = this.world.time.after(plan.durationMs, () => {
      this.#ended(slot, plan.outcome);
    });
    slot.running = { held, timer };
    if (plan.writes) {
      const data = Buffer.from('some output\n');
      this.#report({ type: 'output', slot: slot.number, lease: held, stderr: false, data });
    }
  }

  #kill(slot: SimSlot, held: Held): void {
    const place = slot.waiting.indexOf(held);
    const { coordinator } = this.world.planOfJob(held.job);
    if (held.index === 0 && coordinator !== undefined && place >= 0) {
      slot.waiting.splice(place, 1);
      this.#reportEnd(slot, held, 'killed');
    }
    const { running } = slot;
    if (running?.held !== held) return;
    running.timer.cancel();
    if (coordinator === undefined) this.#ended(slot, 'killed');
    else {
      // It has something to put in order first.
      this.world.time.after(this.world.random.delay(0.3, 600), () => {
        if (slot.running === running) this.#ended(slot, 'killed');
      });
    }
  }

  #ended(slot: SimSlot, outcome: Outcome): void {
    const held = slot.running?.held;
    slot.running = undefined;
    if (held === undefined || !this.isAlive) return;
    this.#reportEnd(slot, held, outcome);
    this.#startNext(slot);
  }

  #reportEnd(slot: SimSlot, held: Held, outcome: Outcome): void {
    if (outcome === 'completed' && this.world.random.chance(0.02)) {
      this.#report({ type: 'ended-large', slot: slot.number, lease: held });
    } else {
      this.#report({
        type: 'ended',
        ...{ slot: slot.number, lease: held, outcome, record: this.#recordOf(held, outcome) },
      });
    }
  }

  /** All reports of a moment come in one event. */
  #report(report: Report): void {
    this.#reports.push(report);
    if (this.#reports.length > 1) return;
    this.after(this.world.random.delay(0.2, 2), () => {
      const reports = this.#reports;
      this.#reports = [];
      this.dispatch({ type: 'slots-reported', reports });
    });
  }

  #recordOf({ job, index, attempt }: Lease, outcome: Outcome): Uint8Array {
    const payload = inlinePayload(Buffer.from(`${this.world.nameOf(job)}/${String(index)}`));
    const times = { startedAtMs: 0, wallUs: this.world.wallUsOf(job, index), cpuUs: 0, peakMemoryKb: 0 };
    return writeAnswerRecord({ index, attempt, outcome, worker: this.state.worker, ...times, payload });
  }
}
