import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect } from 'chai';

import { eventually } from '../support/cluster.js';
import { act, confirm, facts, textOf, waitForStatus } from '../support/monitor-acts.js';
import { type Monitor, shareVisit, type Visit } from '../support/monitor.js';
import { makeTempDir } from '../support/temp-dir.js';

const POWER = '1606938044258990275541962092341162602522202993782792835301376';

describe('jobs on the page', () => {
  let monitor: Monitor;
  let visit: Visit;

  shareVisit({ workers: 0 }, (...shared) => {
    [monitor, visit] = shared;
  });

  it('start from nothing: a worker comes, a job appears, runs and ends, and shows its exact result', async () => {
    const { page } = visit;
    // A reload would lose it.
    await page.evaluate(() => Object.assign(globalThis, { isSamePage: true }));
    await page.getByText('No worker is connected').waitFor();
    await page.getByText('Nothing runs.').waitFor();
    await monitor.cluster.startWorker('--name', 'lathe');
    await page.getByRole('link', { name: 'lathe' }).waitFor();

    const gate = join(makeTempDir(), 'open');
    const job = monitor.d.evalFunction(
      async (file: string) => {
        const { existsSync: isThere } = await import('node:fs');
        while (!isThere(file)) await new Promise((done) => setTimeout(done, 50));
        return 2n ** 200n;
      },
      [gate],
      { name: 'a big power' },
    );
    const row = page.getByRole('listitem').filter({ has: page.getByRole('link', { name: 'a big power' }) });
    await row.getByText('processing', { exact: true }).waitFor();
    await page.getByRole('link', { name: 'a big power' }).click();
    await page.getByRole('heading', { level: 1, name: 'a big power' }).waitFor();
    await waitForStatus(page, 'processing');
    writeFileSync(gate, '');
    await waitForStatus(page, 'completed');
    const shown = await textOf(page.getByRole('group', { name: 'Result' }), /\d{10}/);
    expect(shown.trim().replace(/n$/, '')).to.equal(POWER);
    expect(await job.wait()).to.equal(2n ** 200n);
    expect(await page.evaluate(() => 'isSamePage' in globalThis)).to.equal(true);
  });

  it('kill a running one, and its worker stops it', async () => {
    const { page } = visit;
    const beat = join(makeTempDir(), 'beat');
    const job = monitor.d.evalFunction(
      async (file: string) => {
        const { writeFileSync: write } = await import('node:fs');
        for (let n = 0; n < 6_000; n += 1) {
          write(file, String(n));
          await new Promise((done) => setTimeout(done, 50));
        }
      },
      [beat],
      { name: 'an endless one' },
    );
    job.wait().catch(() => undefined);
    await eventually('it runs', () => existsSync(beat));
    await page.goto('/workers/1');
    await eventually('how long its worker has had it', async () =>
      /^\d+([.]\d)? m?s$/.test((await facts(page))['Oldest lease'] ?? ''),
    );
    await page.getByRole('link', { name: 'Jobs', exact: true }).click();
    await page.getByRole('link', { name: 'an endless one' }).click();
    await waitForStatus(page, 'processing');
    await act(page, 'Kill');
    await page
      .getByRole('dialog')
      .getByLabel(/^Reason/)
      .fill('it was for nothing');
    await confirm(page, 'Kill');
    await waitForStatus(page, 'killed');
    expect(await textOf(page.getByRole('group', { name: 'Why was it killed?' }), /\S/)).to.equal(
      'it was for nothing',
    );
    await eventually('the slot is free', async () => (await monitor.d.serverStatus()).busySlots === 0);
    const last = readFileSync(beat, 'utf8');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(readFileSync(beat, 'utf8')).to.equal(last);
    await page.goto('/workers/1');
    await eventually('the page shows it', async () => (await facts(page))['Slots'] === '0 busy of 1');
    expect((await facts(page))['Oldest lease']).to.equal('–');
  });

  it('rerun the failed tasks of another, and only these', async () => {
    const { page } = visit;
    const folder = makeTempDir();
    const map = monitor.d.map(
      async (input: { folder: string; n: number }) => {
        const fs = await import('node:fs');
        fs.appendFileSync(`${input.folder}/ran`, `${String(input.n)}\n`);
        if (input.n >= 3 && !fs.existsSync(`${input.folder}/repaired`)) throw new Error('the disk is full');
        return input.n;
      },
      [0, 1, 2, 3, 4].map((n) => ({ folder, n })),
      { name: 'some fail', maxAttempts: 1, maxFailedTasks: 5 },
    );
    await map.wait().catch(() => undefined);
    await page.goto('/jobs');
    await page.getByRole('link', { name: 'some fail' }).click();
    await waitForStatus(page, 'failed');
    expect(await textOf(page.getByRole('group', { name: 'Why did it fail?' }), /\S/)).to.match(
      /^2 of 5 tasks failed, first task [34]: Error: the disk is full$/,
    );
    await page.getByRole('link', { name: '2 failed tasks' }).click();
    await page.getByRole('button', { name: 'Task 3: failed' }).waitFor();
    expect(await page.getByRole('button', { name: /^Task \d/ }).count()).to.equal(2);
    await page.getByRole('button', { name: 'Task 3: failed' }).click();
    await page.getByText('the disk is full').first().waitFor();
    writeFileSync(join(folder, 'repaired'), '');
    await act(page, 'Rerun failed');
    await confirm(page, 'Rerun failed');
    await waitForStatus(page, 'completed');
    const ran = readFileSync(join(folder, 'ran'), 'utf8').trim().split('\n').sort();
    expect(ran).to.deep.equal(['0', '1', '2', '3', '3', '4', '4']);
  });

  it('a failed one says why, and its task shows the whole stack line by line', async () => {
    const { page } = visit;
    const job = monitor.d.evalFunction(
      () => {
        throw new RangeError('the sum is off\nby two');
      },
      [],
      { name: 'a lost one', maxAttempts: 1 },
    );
    await job.wait().catch(() => undefined);
    await page.goto('/jobs?q=lost');
    await page.getByText('RangeError: the sum is off', { exact: true }).waitFor();
    await page.getByRole('link', { name: 'a lost one' }).click();
    expect(await textOf(page.getByRole('group', { name: 'Why did it fail?' }), /\S/)).to.equal(
      'RangeError: the sum is off',
    );
    await page.getByRole('link', { name: '1 failed task' }).click();
    const stack = page.getByRole('group', { name: 'Stack of attempt 1' });
    // As it is laid out, and not only in the text.
    await stack.waitFor();
    expect(await stack.evaluate((it) => (it as unknown as { innerText: string }).innerText)).to.match(
      /^RangeError: the sum is off\nby two\n +at .*job-\d+\.js:\d+:\d+/,
    );
  });

  it('one that goes on leads to the tasks that have failed so far', async () => {
    const { page } = visit;
    const gate = join(makeTempDir(), 'open');
    const map = monitor.d.map(
      async (n: number, file: string) => {
        if (n < 2) throw new Error(`not ${n}`);
        const { existsSync: isThere } = await import('node:fs');
        while (!isThere(file)) await new Promise((done) => setTimeout(done, 50));
        return n;
      },
      [0, 1, 2],
      [gate, gate, gate],
      { name: 'it goes on', maxAttempts: 1 },
    );
    await map.accepted;
    await page.goto(`/jobs/${String(map.id)}`);
    await page.getByRole('heading', { name: 'Some tasks failed' }).waitFor();
    await page.getByRole('link', { name: '2 failed tasks' }).click();
    await page.getByRole('button', { name: 'Task 1: failed' }).click();
    await page.getByText('Error: not 1', { exact: true }).waitFor();
    writeFileSync(gate, '');
    await waitForStatus(page, 'failed');
    await map.wait().catch(() => undefined);
  });

  it('one that was stopped says how many of its tasks had failed, and why the first did', async () => {
    const { page } = visit;
    const refuse = (n: number): number => {
      if (n > 0) throw new Error(`not ${n}`);
      return n;
    };
    const map = monitor.d.map(refuse, [0, 1, 2, 3, 4, 5], {
      name: 'too many',
      maxAttempts: 1,
      maxFailedTasks: 2,
    });
    await map.wait().catch(() => undefined);
    await page.goto(`/jobs/${String(map.id)}`);
    expect(await textOf(page.getByRole('group', { name: 'Why did it fail?' }), /\S/)).to.match(
      /^Stopped after 2 of 6 tasks failed \(maxFailedTasks 2\), first task \d: Error: not \d$/,
    );
  });

  it('many jobs are selected and changed at once, after a question', async () => {
    const { page } = visit;
    const jobs = ['one', 'two'].map((name) =>
      monitor.d.eval('1', { name: `${name} of many`, labels: ['nobody-has-it'] }),
    );
    for (const job of jobs) job.wait().catch(() => undefined);
    await page.goto('/jobs?q=of+many');
    for (const name of ['one of many', 'two of many']) {
      await page.getByRole('row').filter({ hasText: name }).getByRole('checkbox').check();
    }
    await page.getByText('2 jobs selected').waitFor();
    const selected = page.getByRole('group', { name: 'Selected jobs' });
    await selected.getByRole('button', { name: 'Kill' }).click();
    await confirm(page, 'Kill');
    await page.getByRole('row').filter({ hasText: 'one of many' }).getByText('killed').first().waitFor();
    await page.getByRole('row').filter({ hasText: 'two of many' }).getByText('killed').first().waitFor();
  });

  it('a job that nobody can run says why', async () => {
    const { page } = visit;
    const job = monitor.d.eval('1', { name: 'needs more', labels: ['bigmem'] });
    job.wait().catch(() => undefined);
    await eventually('it is there', () => job.id !== undefined);
    await page.goto(`/jobs/${String(job.id)}`);
    await page.getByRole('heading', { name: 'Why is it waiting?' }).waitFor();
    await page
      .getByText(/bigmem/)
      .first()
      .waitFor();
    await act(page, 'Kill');
    await confirm(page, 'Kill');
    await waitForStatus(page, 'killed');
  });
});
