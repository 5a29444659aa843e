import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect } from 'chai';
import type { Page } from 'playwright-core';

import { eventually } from '../support/cluster.js';
import { textOf, waitForStatus } from '../support/monitor-acts.js';
import { type Monitor, shareVisit, type Visit } from '../support/monitor.js';
import { makeTempDir } from '../support/temp-dir.js';

describe('the output on the page', () => {
  let monitor: Monitor;
  let visit: Visit;

  shareVisit({ workers: 1, slots: 2 }, (...shared) => {
    [monitor, visit] = shared;
  });

  /** A job of two tasks that each write the lines of a file as it grows, until there is one that says `end`. */
  async function echoing(): Promise<{ readonly id: number; readonly files: readonly [string, string] }> {
    const folder = makeTempDir();
    const files = [join(folder, 'a'), join(folder, 'b')] as const;
    for (const file of files) writeFileSync(file, '');
    const job = monitor.d.map(
      async (file: string) => {
        const fs = await import('node:fs');
        for (let read = 0; ;) {
          const text = fs.readFileSync(file, 'utf8');
          process.stdout.write(text.slice(read));
          read = text.length;
          if (text.endsWith('end\n')) return;
          await new Promise((done) => setTimeout(done, 20));
        }
      },
      files,
      { name: 'echoes', maxOutputBytes: 100_000_000 },
    );
    await job.accepted;
    return { id: job.id ?? 0, files };
  }

  const shown = async (page: Page) =>
    (await page.getByRole('group', { name: /^Output of task/ }).allTextContents()).join('');
  /** The lines of ours that are shown, in whatever order their tasks are; Node writes warnings too. */
  const lines = async (page: Page) =>
    (await shown(page))
      .split('\n')
      .filter((line) => /^([ab]\d|end)$/.test(line))
      .sort();
  const showsLines = (page: Page, ...wanted: string[]) =>
    eventually(
      `the lines ${wanted.join()}`,
      async () => JSON.stringify(await lines(page)) === JSON.stringify(wanted),
      15_000,
    );

  it('comes as it is written, of every task, and asks nothing again and again', async () => {
    const { page } = visit;
    const { id, files } = await echoing();
    appendFileSync(files[1], 'b1\n');
    await page.goto(`/jobs/${String(id)}?tab=output`);
    await showsLines(page, 'b1');
    const asked: string[] = [];
    page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    // The earlier task writes after the later one.
    appendFileSync(files[0], 'a1\n');
    await showsLines(page, 'a1', 'b1');
    appendFileSync(files[1], 'b2\n');
    await showsLines(page, 'a1', 'b1', 'b2');
    await page.getByLabel('Only of task').fill('0');
    await page.keyboard.press('Enter');
    await showsLines(page, 'a1');
    for (const file of files) appendFileSync(file, 'end\n');
    await waitForStatus(page, 'completed');
    await showsLines(page, 'a1', 'end');
    await page.getByLabel('Only of task').fill('7');
    await page.keyboard.press('Enter');
    expect(await textOf(page.getByRole('alert'), /\S/)).to.include('There is no task 7 in this job.');
    await page.getByLabel('Only of task').fill('');
    await page.keyboard.press('Enter');
    await showsLines(page, 'a1', 'b1', 'b2', 'end', 'end');
    expect(asked.filter((path) => path.endsWith('/output'))).to.deep.equal([]);
    // All of it, one task, none, all again; and once more to learn why there is none.
    expect(asked.filter((path) => path.endsWith('/output/events')).length).to.be.at.most(5);
  });

  it('stands still while updates are paused, and loses and repeats nothing', async () => {
    const { page } = visit;
    const { id, files } = await echoing();
    await page.goto(`/jobs/${String(id)}?tab=output`);
    appendFileSync(files[0], 'a1\n');
    await showsLines(page, 'a1');
    await page.getByRole('banner').getByRole('button', { name: 'Pause updates' }).click();
    appendFileSync(files[0], 'a2\n');
    await eventually('it is stored', async () =>
      (await (await page.request.get(`/api/jobs/${String(id)}/output`)).text()).includes('a2'),
    );
    expect(await lines(page)).to.deep.equal(['a1']);
    await page.getByRole('banner').getByRole('button', { name: 'Resume updates' }).click();
    await showsLines(page, 'a1', 'a2');
    for (const file of files) appendFileSync(file, 'end\n');
    await showsLines(page, 'a1', 'a2', 'end', 'end');
  });

  it('goes on after a restart of the server, without a loss or a repeat', async () => {
    const { page } = visit;
    const { id, files } = await echoing();
    await page.goto(`/jobs/${String(id)}?tab=output`);
    appendFileSync(files[0], 'a1\n');
    await showsLines(page, 'a1');
    await monitor.cluster.killServer();
    appendFileSync(files[0], 'a2\n');
    appendFileSync(files[1], 'b1\n');
    await page.getByRole('banner').getByText('reconnecting').waitFor();
    await monitor.cluster.restartServer();
    appendFileSync(files[0], 'a3\n');
    await showsLines(page, 'a1', 'a2', 'a3', 'b1');
    for (const file of files) appendFileSync(file, 'end\n');
    await showsLines(page, 'a1', 'a2', 'a3', 'b1', 'end', 'end');
  });

  it('of many megabytes and long lines leaves a page that is small and quick', async () => {
    const { page } = visit;
    const job = monitor.d.map(
      async (isLines: boolean) => {
        for (let round = 0; round < 20; round += 1) {
          process.stdout.write(
            isLines ? `line ${String(round)}\n`.repeat(20_000) : `${'x'.repeat(1_000_000)}\n`,
          );
          await new Promise((done) => setTimeout(done, 50));
        }
        await new Promise((done) => setTimeout(done, 1_000));
        console.log('the last line');
      },
      [false, true],
      { name: 'floods', maxOutputBytes: 100_000_000 },
    );
    await job.accepted;
    await page.goto(`/jobs/${String(job.id)}?tab=output`);
    await job.wait();
    await waitForStatus(page, 'completed');
    await eventually(
      'all of it',
      async () => (await shown(page)).split('the last line').length === 3,
      30_000,
    );
    await page.getByText('This is the end of it.').waitFor();
    const size = await page.evaluate<number>('document.querySelector("main").innerHTML.length');
    expect(size).to.be.below(1_000_000);
    const answeredMs = await page.evaluate<number>(
      'new Promise((done) => { const from = performance.now(); requestAnimationFrame(() => setTimeout(() => done(performance.now() - from))); })',
    );
    expect(answeredMs).to.be.below(1_000);
  });
});
