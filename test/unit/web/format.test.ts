import { expect } from 'chai';

import { barShares } from '../../../web/src/format/bar.js';
import { layLanes, spanOf, ticks } from '../../../web/src/format/lanes.js';
import { bytes, grouped, percent, plural, rate } from '../../../web/src/format/number.js';
import {
  appendPieces,
  MAX_KEPT_CHARS,
  MAX_SECTION_CHARS,
  MAX_SECTIONS,
  type Output,
} from '../../../web/src/format/output.js';
import { cut, cutBlock, cutLine } from '../../../web/src/format/text.js';
import { ago, duration, elapsedMs, exactTime } from '../../../web/src/format/time.js';

const NOTHING = { waiting: 0, processing: 0, completed: 0, failed: 0, killed: 0 };

describe('the page: times', () => {
  it('says how long ago something was', () => {
    const nowMs = 1_000_000_000_000;
    const passed = [0, 30e3, 3 * 60e3, 5 * 3600e3, 72 * 3600e3, -60e3];
    expect(passed.map((ms) => ago(nowMs - ms, nowMs))).to.deep.equal([
      'just now',
      '30 s ago',
      '3 min ago',
      '5 h ago',
      '3 days ago',
      'just now',
    ]);
    expect(ago(0, nowMs)).to.equal('');
  });

  it('says how long something took', () => {
    expect([-5, 340, 2_540, 200_000, 18_720_000, 60_000].map(duration)).to.deep.equal([
      '0 ms',
      '340 ms',
      '2.5 s',
      '3 min 20 s',
      '5 h 12 min',
      '1 min',
    ]);
    // Rounding must not say 60 s.
    expect(duration(59_999)).to.equal('59.9 s');
  });

  it('gives the exact time, and what has been going on until now', () => {
    expect(exactTime(Date.UTC(2026, 10, 27, 6, 36, 8, 123))).to.equal('2026-11-27 06:36:08.123 UTC');
    expect(exactTime(0)).to.equal('');
    expect(exactTime(Number.MAX_VALUE)).to.equal('');
    expect([elapsedMs(0, 0, 9), elapsedMs(4, 0, 9), elapsedMs(4, 6, 9), elapsedMs(12, 0, 9)]).to.deep.equal([
      -1, 5, 2, 0,
    ]);
  });
});

describe('the page: numbers', () => {
  it('groups digits and keeps those that matter', () => {
    expect(grouped(1_234_567)).to.equal('1,234,567');
    expect([0, 0.01, 0.44, 12.34, 1204.4].map(rate)).to.deep.equal(['0', '< 0.1', '0.4', '12.3', '1,204']);
    expect([812, 4_200, 999_600, 1.3e9].map(bytes)).to.deep.equal(['812 B', '4.2 kB', '1.0 MB', '1.3 GB']);
    expect([plural(1, 'task'), plural(1200, 'task')]).to.deep.equal(['1 task', '1,200 tasks']);
  });

  it('says 100 % only when all is done', () => {
    expect([
      percent(0, 10),
      percent(1, 1000),
      percent(999, 1000),
      percent(5, 5),
      percent(0, 0),
    ]).to.deep.equal(['0 %', '< 1 %', '99 %', '100 %', '0 %']);
  });
});

describe('the page: bars', () => {
  it('shares the whole bar among the parts that are there', () => {
    const shares = barShares({
      counts: { ...NOTHING, completed: 50, processing: 10, waiting: 40 },
      stuck: 15,
    });
    expect(shares.map(({ part, count }) => [part, count])).to.deep.equal([
      ['completed', 50],
      ['processing', 10],
      ['stuck', 15],
      ['waiting', 25],
    ]);
    expect(shares.reduce((sum, { share }) => sum + share, 0)).to.be.closeTo(1, 1e-12);
    expect(shares[0]!.share).to.be.closeTo(0.5, 1e-12);
  });

  it('keeps one failed task of a million in sight', () => {
    const [, failed] = barShares({ counts: { ...NOTHING, completed: 999_999, failed: 1 }, stuck: 0 });
    expect(failed!.part).to.equal('failed');
    expect(failed!.share).to.be.greaterThan(0.005);
  });

  it('is empty without tasks, and never holds more than what waits', () => {
    expect(barShares({ counts: NOTHING, stuck: 3 })).to.deep.equal([]);
    const shares = barShares({ counts: { ...NOTHING, waiting: 2 }, stuck: 9 });
    expect(shares.map(({ part, count }) => [part, count])).to.deep.equal([['stuck', 2]]);
  });
});

describe('the page: timelines', () => {
  const bar = (worker: number, startedAtMs: number, endedAtMs: number) => ({
    job: 1,
    index: startedAtMs,
    attempt: 1,
    worker,
    startedAtMs,
    endedAtMs,
    status: endedAtMs === 0 ? ('processing' as const) : ('completed' as const),
  });

  it('needs as many lanes as ran at once', () => {
    const bars = [bar(2, 20, 30), bar(2, 0, 10), bar(2, 5, 15), bar(1, 0, 0), bar(2, 10, 20)];
    const rows = layLanes({ bars, workers: { 2: 'two' } });
    expect(rows.map(({ name }) => name)).to.deep.equal(['worker 1', 'two']);
    expect(rows[1]!.lanes.map((lane) => lane.bars.map(({ startedAtMs }) => startedAtMs))).to.deep.equal([
      [0, 10, 20],
      [5],
    ]);
  });

  it('reaches to now while something runs', () => {
    expect(spanOf([bar(1, 10, 20), bar(1, 30, 0)], 100)).to.deep.equal({ fromMs: 10, toMs: 100 });
    expect(spanOf([bar(1, 10, 20)], 100)).to.deep.equal({ fromMs: 10, toMs: 20 });
  });

  it('has round ticks, and never many', () => {
    expect(ticks(100_000, 8)).to.deep.equal([0, 15e3, 30e3, 45e3, 60e3, 75e3, 90e3]);
    for (let length = 1; length < 1e13; length *= 3) expect(ticks(length, 8).length).to.be.within(2, 9);
  });
});

describe('the page: text', () => {
  it('cuts long text between code points', () => {
    expect(cut('ab😀', 3)).to.equal('ab');
    expect(cutLine('short')).to.equal('short');
    expect(cutLine('x'.repeat(500), 3)).to.equal('xxx…');
  });

  it('cuts a long line and goes on with the next', () => {
    const { text, left } = cutBlock(`${'x'.repeat(1_000_000)}\nend`);
    expect(text.length).to.be.lessThan(2_100);
    expect(text.endsWith('(998000 more characters in this line)\nend')).to.equal(true);
    expect(left).to.equal(0);
    expect(cutBlock('a\n'.repeat(40_000), 100).left).to.equal(79_900);
  });

  it('joins the output of a task and keeps its end', () => {
    const first = appendPieces({ sections: [], isCut: false }, [{ index: 0, attempt: 1, text: 'a' }]);
    const then = appendPieces(first, [
      { index: 0, attempt: 1, text: 'b' },
      { index: 1, attempt: 1, text: 'c' },
      { index: 0, attempt: 1, text: 'd' },
    ]);
    expect(then.sections.map(({ text }) => text)).to.deep.equal(['ab', 'c', 'd']);
    expect(new Set(then.sections.map(({ id }) => id)).size).to.equal(3);
    const text = `${'x'.repeat(MAX_SECTION_CHARS)}end`;
    const [long] = appendPieces({ sections: [], isCut: false }, [{ index: 0, attempt: 1, text }]).sections;
    expect(long!.text.endsWith('end')).to.equal(true);
    expect(long!.text.startsWith('… (what came before is left out)\n')).to.equal(true);
  });

  it('keeps no more of an output than a page can hold, however much comes', () => {
    let output: Output = { sections: [], isCut: false };
    for (let round = 0; round < 2_000; round += 1) {
      const text = `${String(round)} ${'x'.repeat(round % 2 === 0 ? 5 : 40_000)}`;
      output = appendPieces(output, [{ index: round % 50, attempt: 1, text }]);
    }
    const chars = output.sections.reduce((sum, { text }) => sum + text.length, 0);
    expect(chars).to.be.at.most(MAX_KEPT_CHARS);
    expect(output.sections.length).to.be.at.most(MAX_SECTIONS);
    expect([output.isCut, output.sections.at(-1)?.text.startsWith('1999 ')]).to.deep.equal([true, true]);
  });
});
