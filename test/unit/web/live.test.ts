import { expect } from 'chai';

import { applyDelta, healthOf, STALE_AFTER_MS } from '../../../web/src/live/delta.js';

interface Topic {
  readonly count: number;
  readonly list: readonly number[];
}

describe('the page: live data', () => {
  it('replaces what a delta names and keeps the rest as it is', () => {
    const current: Topic = { count: 1, list: [1, 2] };
    const next = applyDelta(current, { count: 2 });
    expect(next).to.deep.equal({ count: 2, list: [1, 2] });
    expect(next!.list).to.equal(current.list);
    expect(current.count).to.equal(1);
  });

  it('waits for a snapshot before any delta', () => {
    expect(applyDelta<Topic>(undefined, { count: 2 })).to.equal(undefined);
  });

  it('knows live, stale, reconnecting and paused apart', () => {
    const at = (isPaused: boolean, isOpen: boolean, silentMs: number) =>
      healthOf({ isPaused, isOpen, lastMessageAtMs: 1_000 }, 1_000 + silentMs);
    expect([
      at(false, true, STALE_AFTER_MS),
      at(false, true, STALE_AFTER_MS + 1),
      at(false, false, 0),
      at(true, false, 0),
    ]).to.deep.equal(['live', 'stale', 'reconnecting', 'paused']);
  });
});
