import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect } from 'chai';

import type { Lease } from '#dsage/model/task.js';
import { createLog } from '#dsage/log/log.js';
import type { BlobCache } from '#dsage/worker/blob-cache.js';
import type { Effect, Report } from '#dsage/worker/core/events.js';
import type { Held, Program } from '#dsage/worker/core/state.js';
import { SlotBoard } from '#dsage/worker/slot-board.js';

import { eventually } from '../../support/cluster.js';
import { codeProgram } from './runner/harness.js';

const SLOTS = 1;

describe('the slot board’s slots of coordinators', function () {
  this.timeout(20_000);
  const directory = mkdtempSync(join(tmpdir(), 'dsage-board-'));
  const reports: Report[] = [];
  const board = new SlotBoard({
    count: SLOTS,
    slot: {
      workDirectory: directory,
      ...{ workerName: 'tester', host: 'here', workerNumber: () => 7, environment: process.env },
    },
    // No blob is asked for.
    blobs: Object.create(null) as BlobCache,
    report: (report) => reports.push(report),
    onFailures: () => undefined,
    log: createLog({ level: 'error', console: false }),
  });

  after(async () => {
    await board.stop(0);
    rmSync(directory, { recursive: true, force: true });
  });

  /** The folders of children that live. */
  const children = () => readdirSync(directory).filter((name) => name.startsWith('slot-'));
  const ends = () => reports.filter((report) => report.type === 'ended').map(({ outcome }) => outcome);

  function run(slot: number, code: string): Lease {
    const { limits, ...program } = codeProgram(code, { limits: { timeMs: 200 } });
    const spec = { ...program, name: '', limits, attachments: [], blobs: [], detached: true };
    const lease = { job: program.job, index: 0, attempt: 1, payload: new Uint8Array(0) };
    const effect = { type: 'run', slot, program: { spec } as unknown as Program, leases: [lease as Held] };
    board.run(effect as Extract<Effect, { type: 'run' }>);
    return lease;
  }

  it('start when they are first needed, know no time limit, and end when they have nothing to do', async () => {
    expect(children()).to.deep.equal([]);
    run(SLOTS + 1, 'new Promise((resolve) => setTimeout(resolve, 900))');
    await eventually('the child starts', () => children().length === 1);
    await eventually('it ends', () => ends().length === 1);
    expect(ends()).to.deep.equal(['completed']);
    await eventually('the child is gone', () => children().length === 0);
  });

  it('are there again for the next one, also at once, and for one behind one that is killed', async () => {
    const before = ends().length;
    const waits = 'new Promise((resolve) => setTimeout(resolve, 60000))';
    const first = run(SLOTS, waits);
    await eventually('the child starts', () => children().length === 1);
    board.kill({ type: 'kill', slot: SLOTS, lease: first as Held, reason: 'enough' });
    run(SLOTS, '1 + 1');
    await eventually('both end', () => ends().length === before + 2);
    expect(ends().slice(before)).to.deep.equal(['killed', 'completed']);
    run(SLOTS, '2 + 2');
    await eventually('one more ends', () => ends().length === before + 3);
    await eventually('the children are gone', () => children().length === 0);
  });
});
