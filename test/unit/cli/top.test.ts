import { stripVTControlCharacters } from 'node:util';

import { expect } from 'chai';
import pc from 'picocolors';

import { gauge, sparkline, stackedBar } from '#dsage/cli/top/bar.js';
import { frame, type FrameOptions } from '#dsage/cli/top/frame.js';
import type { TopView } from '#dsage/cli/top/view.js';

const NOW = 1_700_000_000_000;
const NO_TASKS = { waiting: 0, processing: 0, completed: 0, failed: 0, killed: 0 };
const PLAIN: FrameOptions = {
  ...{ width: 100, height: Infinity, colors: false, rates: [], footer: '', stale: '' },
};

type Job = TopView['jobs'][number];

function job(part: Partial<Job> = {}): Job {
  return {
    ...{ id: 12, owner: 'ada', name: 'primes', kind: 'map', evaluator: 'javascript', priority: 3 },
    ...{ status: 'processing', counts: { ...NO_TASKS, completed: 5, processing: 2, waiting: 3 } },
    ...{ taskCount: 10, closed: true, createdAt: new Date(NOW - 9_000), startedAt: new Date(NOW - 8_000) },
    ...{ endedAt: undefined, reason: '', labels: [], resources: {}, summary: 'n => n', ttlMs: 0 },
    ...{ detached: false, after: [], note: '', fraction: -1 },
    ...part,
  };
}

function worker(part: Partial<TopView['workers'][number]> = {}): TopView['workers'][number] {
  return {
    ...{ worker: 1, name: 'lathe', host: 'lathe.lab', pid: 4711, user: 'worker', slots: 4, busySlots: 3 },
    ...{ connected: true, draining: false, leases: 6, completed: 40, failed: 0, load1: 1.25 },
    ...{ freeMemoryMb: 900, memoryMb: 4096, cpuModel: '', cpuCount: 4, labels: [], resources: {} },
    ...{ evaluators: ['javascript'], nodeVersion: '', packageVersion: '0.1.0', platform: 'linux' },
    ...{ speedMmps: 1, coordinators: 0, connectedAt: new Date(NOW - 60_000), lastSeenAt: new Date(NOW) },
    ...part,
  };
}

function view(part: Partial<TopView> = {}): TopView {
  return {
    atMs: NOW,
    status: {
      ...{ packageVersion: '0.1.0', cluster: 'lab', startedAt: new Date(NOW - 3_600_000), workers: 1 },
      ...{ slots: 4, busySlots: 3, clients: 2, unfinishedJobs: 1, tasksPerSecond: 41.3, memoryMb: 90 },
      ...{ speedMmps: 2, webUrl: '' },
    },
    ...{ jobs: [job()], hasMore: false, workers: [worker()], failures: [] },
    ...part,
  };
}

describe('the bars of dsage top', () => {
  const none = pc.createColors(false);

  it('shares its cells out in proportion, and shows what is there at all', () => {
    expect(stackedBar({ ...NO_TASKS, completed: 5, processing: 2, waiting: 3 }, 10, none)).to.equal(
      '█████▒▒░░░',
    );
    const one = { ...NO_TASKS, completed: 999_998, failed: 1, processing: 1 };
    expect(stackedBar(one, 10, none)).to.equal('████████▒×');
    expect(stackedBar(NO_TASKS, 4, none)).to.equal('░░░░');
    expect(stackedBar({ ...NO_TASKS, completed: 3 }, 4, none)).to.equal('████');
  });

  it('is always as wide as asked for', () => {
    for (let completed = 0; completed < 40; completed += 1) {
      const counts = { waiting: 40 - completed, processing: 3, completed, failed: completed % 3, killed: 1 };
      expect(stackedBar(counts, 24, none)).to.have.lengthOf(24);
    }
  });

  it('fills a gauge and draws the last values', () => {
    expect(gauge(3, 4, 8)).to.equal('██████░░');
    expect(gauge(0, 0, 4)).to.equal('░░░░');
    expect(gauge(9, 4, 4)).to.equal('████');
    expect(sparkline([9, 0, 1, 4, 8], 4)).to.equal(' ▁▄█');
    expect(sparkline([0, 0], 8)).to.equal('  ');
    expect(sparkline([], 8)).to.equal('');
    expect(sparkline([1, 2], 0)).to.equal('');
  });
});

describe('a frame of dsage top', () => {
  it('shows the server, jobs and workers', () => {
    expect(frame(view(), PLAIN)).to.deep.equal([
      'dsage 0.1.0  lab  up 1 h',
      'slots ██████████████████░░░░░░ 3/4 busy  2 clients  90 MiB',
      '41.3 tasks/s',
      '',
      'JOBS  1 unfinished',
      '    12  processing  ████████████▒▒▒▒▒░░░░░░░  5/10          8.0 s       ada  primes',
      '',
      'WORKERS  1 worker',
      '     1  connected   ██████░░ 3/4    load 1.3   40 done     lathe',
    ]);
  });

  it('says what to do where there is nothing', () => {
    const lines = frame(view({ jobs: [], workers: [] }), PLAIN);
    expect(lines).to.include('No job is unfinished.');
    expect(lines).to.include('No worker: start one with dsage-worker --server HOST:PORT');
  });

  it('shows the first line of why jobs failed, and how fast tasks ended', () => {
    const failed = job({
      id: 7,
      status: 'failed',
      endedAt: new Date(NOW - 90_000),
      reason: 'no good\n at x',
    });
    const lines = frame(view({ failures: [failed] }), {
      ...PLAIN,
      rates: [1, 2, 4],
      footer: 'q leaves',
    });
    expect(lines[2]).to.equal('41.3 tasks/s  ▂▄█');
    expect(lines.join('\n')).to.match(/ {5}7 {2}1 min ago {3}primes {12} {2}no good\n/);
    expect(lines.at(-1)).to.match(/^q leaves {2}█ completed ▒ running × failed/);
  });

  it('tells of old numbers, workers that are away, and jobs without an end', () => {
    const away = worker({ connected: false, lastSeenAt: new Date(NOW - 20_000), failed: 2 });
    const lines = frame(view({ jobs: [job({ closed: false })], workers: [away] }), {
      ...PLAIN,
      stale: '5 s old',
    }).join('\n');
    expect(lines).to.include('STALE: 5 s old').and.include('5/10+').and.include('2 failed');
    expect(lines).to.match(/away .*seen 20 s ago/);
  });

  it('never reaches beyond the terminal, and counts what it leaves out', () => {
    const many = view({
      jobs: Array.from({ length: 60 }, (_, id) => job({ id, name: 'a long name '.repeat(9) })),
      workers: Array.from({ length: 30 }, (_, number) => worker({ worker: number, name: 'x'.repeat(99) })),
      failures: Array.from({ length: 5 }, (_, id) => job({ id, reason: 'why '.repeat(99) })),
      hasMore: true,
    });
    for (const [width, height] of [
      [200, 60],
      [80, 24],
      [40, 12],
      [10, 3],
    ] as const) {
      const lines = frame(many, { ...PLAIN, width, height, colors: true, footer: 'q leaves' });
      expect(lines.length, `lines of ${String(height)}`).to.be.at.most(height);
      for (const line of lines) expect(stripVTControlCharacters(line).length).to.be.at.most(width);
    }
    const shown = frame(many, { ...PLAIN, width: 80, height: 24, footer: 'q leaves' });
    expect(shown.filter((line) => /^… and \d+ more$/.test(line))).to.have.lengthOf(3);
    expect(shown.at(-1)).to.match(/^q leaves/);
  });

  it('gives names no way to move the cursor or turn the line around', () => {
    const name = '\u001b[2J\r\n<b>\u202egnp\u202c\u0007';
    const text = frame(view({ jobs: [job({ name, owner: name })], workers: [worker({ name })] }), PLAIN);
    // eslint-disable-next-line no-control-regex
    expect(text.join('')).to.not.match(/[\u0000-\u001f\u202e\u202c]/);
    expect(text.join('')).to.include('<b>gnp');
  });

  it('has colours only where they are wanted', () => {
    expect(frame(view(), { ...PLAIN, colors: true }).join('')).to.include('\u001b[36mprocessing');
    expect(frame(view(), PLAIN).join('')).to.not.include('\u001b');
  });
});
