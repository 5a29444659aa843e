import { expect } from 'chai';
import fc from 'fast-check';

import { nextWake, step } from '#dsage/worker/core/agent.js';
import { check } from '#dsage/worker/core/check.js';
import type { AgentEvent, Effect } from '#dsage/worker/core/events.js';
import { heldCount, initialState, type AgentState } from '#dsage/worker/core/state.js';
import { program } from '../unit/worker/core/lab.js';

/** What a slot that is told to run, revoke and kill really has; it may have started what is revoked. */
class Slots {
  readonly lists: { job: number; index: number; attempt: number }[][];

  constructor(count: number) {
    this.lists = Array.from({ length: count }, () => []);
  }

  perform(effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.type === 'run') this.lists[effect.slot]?.push(...effect.leases);
      if (effect.type === 'revoke') {
        const list = this.lists[effect.slot] ?? [];
        const left = list.filter((lease, place) => place === 0 || !effect.leases.some((it) => it === lease));
        list.splice(0, list.length, ...left);
      }
    }
  }
}

const SLOTS = 2;
const COORDINATORS = 2;
const blob = { sha256: 'cd'.repeat(32), sizeBytes: 5 };
const small = fc.nat({ max: 3 });

const action = fc.oneof(
  fc.record({
    do: fc.constant('lease' as const),
    job: small,
    first: small,
    count: fc.integer({ min: 1, max: 40 }),
    attempt: fc.integer({ min: 1, max: 2 }),
    known: fc.boolean(),
    coordinates: fc.boolean(),
  }),
  fc.record({
    do: fc.constant('end' as const),
    slot: fc.nat({ max: SLOTS + COORDINATORS - 1 }),
    count: fc.integer({ min: 1, max: 30 }),
    how: small,
  }),
  fc.record({
    do: fc.constant('kill' as const),
    job: small,
    index: small,
    attempt: fc.integer({ min: 1, max: 2 }),
  }),
  fc.record({ do: fc.constant('record' as const), back: small }),
  fc.record({ do: fc.constant('connect' as const), stale: fc.nat({ max: 50 }) }),
  fc.record({
    do: fc.constantFrom('disconnect' as const, 'fetched' as const, 'failed' as const, 'evict' as const),
  }),
  fc.record({ do: fc.constant('drain' as const), stop: fc.constant(false), isFromServer: fc.boolean() }),
  fc.record({ do: fc.constant('resume' as const) }),
  fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(0.1, 5, 120, 700, 2000) }),
);
type Action = typeof action extends fc.Arbitrary<infer T> ? T : never;

class Run {
  readonly state: AgentState = initialState(SLOTS, COORDINATORS);
  readonly slots = new Slots(SLOTS + COORDINATORS);
  now = 0;

  do(event: AgentEvent): Effect[] {
    const effects = step(this.state, event, this.now);
    this.slots.perform(effects);
    check(this.state);
    return effects;
  }

  act(what: Action): void {
    switch (what.do) {
      case 'lease': {
        const owner = what.job % 2 === 0 ? 'ada' : 'bob';
        const spec = { ...program(what.job, owner, what.job === 3 ? [blob] : []), detached: what.job > 1 };
        const programs = what.known ? [spec] : [];
        const payloads = Array.from({ length: what.count }, () => new Uint8Array());
        // Jobs 2 and 3 are detached: their first task is a coordinator.
        const { job, attempt } = what;
        const firstIndex = what.coordinates ? 0 : what.first * 10;
        const effects = this.do({
          type: 'leases-received',
          programs,
          runs: [{ job, firstIndex, attempt, payloads }],
        });
        expect(effects.filter(isWrongRun)).to.deep.equal([]);
        return;
      }
      case 'end':
        this.end(what.slot, what.count, what.how);
        return;
      case 'kill':
        this.do({ type: 'kill-received', reason: 'x', leases: [{ ...what, index: what.index * 7 }] });
        return;
      case 'record':
        this.do({ type: 'answers-recorded', seq: this.state.nextSeq - 1 - what.back });
        return;
      case 'connect':
        this.connect(what.stale);
        return;
      case 'disconnect':
        this.do({ type: 'disconnected' });
        return;
      case 'fetched':
        this.do({ type: 'program-fetched', job: 3 });
        return;
      case 'failed':
        this.do({ type: 'program-failed', job: 3, reason: 'x' });
        return;
      case 'evict':
        this.do({ type: 'blob-evicted', sha256: blob.sha256 });
        return;
      case 'drain':
        this.do({ type: 'drain-received', reason: 'x', stop: what.stop, isFromServer: what.isFromServer });
        return;
      case 'resume':
        this.do({ type: 'resume-received' });
        expect(this.state.draining, 'a drain outlives a resume').to.equal(undefined);
        return;
      case 'pass':
        this.pass(what.ms);
    }
  }

  end(slot: number, count: number, how: number): void {
    const leases = this.slots.lists[slot]?.splice(0, count) ?? [];
    const outcome = (['completed', 'failed', 'completed', 'killed'] as const)[how] ?? 'completed';
    const record = new Uint8Array(4);
    this.do({
      type: 'slots-reported',
      reports: leases.map((lease) =>
        how === 2 ? { type: 'ended-large', slot, lease } : { type: 'ended', slot, lease, outcome, record },
      ),
    });
    for (const lease of how === 2 ? leases : []) this.do({ type: 'answer-stored', lease, outcome, record });
  }

  /** Every so-manieth of what is held is stale. */
  connect(stale: number): void {
    const [registration] = this.do({ type: 'stream-opened' });
    const held = registration?.type === 'register' ? registration.held : [];
    const lost = held.filter((_, place) => stale > 0 && place % stale === 0);
    this.do({ type: 'registered', worker: 1, renewMs: 5000, stale: lost });
  }

  pass(ms: number): void {
    const until = this.now + ms;
    let wakes = 0;
    for (;;) {
      const wake = Math.max(nextWake(this.state, this.now), this.now + 0.5);
      if (wake > until) break;
      wakes += 1;
      this.now = wake;
      this.do({ type: 'woke' });
    }
    this.now = until;
    expect(wakes, 'the core wants to be woken all the time').to.be.at.most(40 + ms / 5);
  }
}

/** A coordinator in a slot of tasks, or a task among the coordinators. */
function isWrongRun(effect: Effect): boolean {
  if (effect.type !== 'run') return false;
  const { slot, program: given, leases } = effect;
  return leases.some(({ index }) => (given.spec.detached && index === 0) !== slot >= SLOTS);
}

describe('worker core, any order of events', () => {
  it('contradicts itself never, and ends up empty when it drains', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const run = new Run();
        for (const what of actions) run.act(what);
        run.connect(0);
        run.do({ type: 'drain-received', reason: 'the end', stop: true, isFromServer: true });
        let drained = run.state.drained;
        for (let round = 0; round < 10 && !drained; round += 1) {
          run.end(0, Infinity, 0);
          run.end(1, Infinity, 0);
          // The coordinators were told to stop, and are.
          for (let place = 0; place < COORDINATORS; place += 1) run.end(SLOTS + place, Infinity, 3);
          run.do({ type: 'answers-recorded', seq: run.state.nextSeq - 1 });
          ({ drained } = run.state);
        }
        expect(drained).to.equal(true);
        expect(heldCount(run.state)).to.equal(0);
      }),
      { numRuns: 500 },
    );
  });
});
