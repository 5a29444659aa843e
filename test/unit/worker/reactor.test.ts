import { performance } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { MessageChannel } from 'node:worker_threads';

import { expect } from 'chai';

import type { Effect } from '#dsage/worker/core/events.js';
import { Reactor } from '#dsage/worker/reactor.js';

import { ended, lease, program } from './core/lab.js';

/** A task that has run this long is stuck; the pause is longer. */
const PAUSE_MS = 150;

describe('the reactor of a worker', () => {
  let reactor: Reactor;
  let effects: Effect[];

  beforeEach(() => {
    effects = [];
    reactor = new Reactor({ slots: 1, coordinators: 0 }, (effect) => effects.push(effect));
    reactor.dispatch({ type: 'stream-opened' });
    reactor.dispatch({ type: 'registered', worker: 1, renewMs: 60_000, stale: [] });
    const payloads = Array.from({ length: 6 }, () => new Uint8Array([0, 1]));
    const runs = [{ job: 1, firstIndex: 0, attempt: 1, payloads }];
    reactor.dispatch({ type: 'leases-received', programs: [program(1)], runs });
  });
  afterEach(() => reactor.stop());

  /** Ends the first task, so that others wait behind the second one in the slot. */
  async function startBatch(): Promise<void> {
    reactor.report(ended(0, lease(1, 0)));
    await nextTurn();
    expect(reactor.state.slots[0]?.held.length).to.be.greaterThan(1);
  }

  function pause(): void {
    const until = performance.now() + PAUSE_MS;
    while (performance.now() < until);
  }

  function revoked(): number {
    return effects.filter(({ type }) => type === 'revoke').length;
  }

  it('reads what its slots said during a pause before it takes them for stuck', async () => {
    await startBatch();
    const { port1, port2 } = new MessageChannel();
    const heard = new Promise<void>((resolve) => {
      port2.on('message', () => {
        reactor.report(ended(0, lease(1, 1)));
        resolve();
      });
    });
    await nextTurn();
    // As a child would through its pipe, while this process does something else.
    port1.postMessage('ended');
    pause();
    await heard;
    await nextTurn();
    await nextTurn();
    expect(revoked()).to.equal(0);
    port1.close();
  });

  it('takes back what waits behind a slot that says nothing', async () => {
    await startBatch();
    pause();
    while (revoked() === 0) await nextTurn();
    expect(revoked()).to.equal(1);
  });
});
