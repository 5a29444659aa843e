import { expect } from 'chai';

import { Feed } from '#dsage/server/monitor/events/feed.js';

interface Told {
  readonly event: string;
  readonly id: string;
  readonly data: Readonly<Record<string, unknown>>;
}

describe('a feed of events', () => {
  function begin() {
    const value: Record<string, unknown> = { atMs: 1, a: 1, b: { list: [1] } };
    return { value, feed: new Feed({ everyTicks: 1, read: () => value }, 'e') };
  }

  it('begins with a snapshot and goes on with what changed', () => {
    const { value, feed } = begin();
    expect(feed.since('').map(told)).to.deep.equal([
      { event: 'snapshot', id: 'e-0', data: { atMs: 1, a: 1, b: { list: [1] } } },
    ]);
    Object.assign(value, { atMs: 2, b: { list: [1, 2] } });
    expect(told(feed.advance())).to.deep.equal({
      event: 'delta',
      id: 'e-1',
      data: { atMs: 2, b: { list: [1, 2] } },
    });
  });

  it('tells nothing when only the time passed', () => {
    const { value, feed } = begin();
    value['atMs'] = 2;
    expect(feed.advance()).to.equal(undefined);
  });

  it('goes on where a reader ended that knows all but the last deltas', () => {
    const { value, feed } = begin();
    for (let a = 2; a <= 5; a += 1) {
      value['a'] = a;
      feed.advance();
    }
    expect(feed.since('e-2').map((it) => told(it).id)).to.deep.equal(['e-3', 'e-4']);
    expect(feed.since('e-4')).to.deep.equal([]);
  });

  it('begins anew for one that missed more than is kept, or that was with another server', () => {
    const { value, feed } = begin();
    for (let a = 2; a <= 100; a += 1) {
      value['a'] = a;
      feed.advance();
    }
    for (const id of ['e-1', 'other-99', 'e-1000', 'e-', 'e-x', 'nonsense']) {
      expect(
        feed
          .since(id)
          .map((it) => told(it))
          .map(({ event, data }) => [event, data['a']]),
      ).to.deep.equal([['snapshot', 100]]);
    }
  });
});

function told(message: Buffer | undefined): Told {
  const fields = Object.fromEntries(
    String(message)
      .trim()
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)]),
  );
  return {
    event: fields['event'] ?? '',
    id: fields['id'] ?? '',
    data: JSON.parse(fields['data'] ?? '{}') as Told['data'],
  };
}
