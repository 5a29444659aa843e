import { expect } from 'chai';
import type { Page } from 'playwright-core';

import { eventually } from '../support/cluster.js';
import { facts, textOf, waitForStatus } from '../support/monitor-acts.js';
import { type Monitor, startMonitor, type Visit } from '../support/monitor.js';
import { settled } from '../support/monitor-pages.js';
import { removeTempDirs } from '../support/temp-dir.js';

const HTML = `"><script>globalThis.isHacked = true; alert(1)</script><img src="x" onerror="alert(2)"><iframe src="javascript:alert(3)"></iframe>`;
const RTL = '\u202egnp.exe\u202c \u2067abc';
const NAME = `${HTML} ${RTL}`;

/** Nothing of what was written became a part of the page. */
async function expectHarmless({ page, troubles }: Visit, where: string): Promise<void> {
  const found = await page.evaluate<object>(`({
    isHacked: 'isHacked' in globalThis,
    injected: document.querySelectorAll('body script:not([src^="/assets/"]), iframe, [onerror], img[src="x"]').length,
    isWide: document.documentElement.scrollWidth > document.documentElement.clientWidth,
  })`);
  expect({ ...found, troubles }, where).to.deep.equal({
    ...{ isHacked: false, injected: 0, isWide: false, troubles: [] },
  });
}

async function open(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await settled(page);
}

describe('what jobs hold stays text', () => {
  let monitor: Monitor;
  let visit: Visit;

  before(async () => {
    monitor = await startMonitor({ workers: 1 });
    visit = await monitor.visit();
  });
  afterEach(() => monitor.d.killAll());
  after(async () => {
    await monitor.stop();
    removeTempDirs();
  });

  it('names and results with HTML, scripts and marks of direction', async () => {
    const { page } = visit;
    const job = monitor.d.evalFunction((text: string) => text, [HTML + RTL], { name: NAME });
    await job.wait();
    const endless = monitor.d.eval(`/* ${HTML} */ await new Promise(() => setTimeout(() => {}, 1e6))`, {
      name: NAME,
    });
    endless.wait().catch(() => undefined);
    await eventually('it is there', () => endless.id !== undefined);
    await open(page, '/');
    await page.getByRole('link', { name: '<script>globalThis.isHacked' }).waitFor();
    await expectHarmless(visit, 'the overview');
    await open(page, '/jobs');
    await page.getByRole('link', { name: '<script>globalThis.isHacked' }).first().waitFor();
    await expectHarmless(visit, 'the jobs');
    await open(page, `/jobs/${String(job.id)}`);
    expect(await page.getByRole('heading', { level: 1 }).textContent()).to.include(NAME);
    expect(await textOf(page.getByRole('group', { name: 'Result' }), /script/)).to.equal(HTML + RTL);
    await expectHarmless(visit, 'the job');
    await open(page, `/jobs/${String(endless.id)}`);
    expect(await textOf(page.getByRole('group', { name: 'Code' }), /iframe/)).to.include(HTML);
    await expectHarmless(visit, 'the code');
    await monitor.d.killAll(HTML);
    await waitForStatus(page, 'killed');
    await page.getByText(HTML, { exact: true }).first().waitFor();
    await expectHarmless(visit, 'the reason');
  });

  it('nested values with keys of HTML, and long ones', async () => {
    const { page } = visit;
    const job = monitor.d.evalFunction(
      (text: string) => ({ [text]: [text, new Map([[text, 1n]])], long: 'y'.repeat(1_000_000) }),
      [HTML],
      { name: 'nested' },
    );
    await job.wait();
    await open(page, `/jobs/${String(job.id)}`);
    expect(await textOf(page.getByRole('group', { name: 'Result' }), /onerror/)).to.include('<iframe');
    await expectHarmless(visit, 'the nested result');
  });

  it('output of HTML, lines of a megabyte and bytes that are no UTF-8', async () => {
    const { page } = visit;
    const job = monitor.d.evalFunction(
      (text: string) => {
        console.log(`begin${'x'.repeat(1_000_000)}end`);
        process.stdout.write(Buffer.from([0x66, 0x6f, 0xff, 0xfe, 0x80, 0x6f, 0x0a]));
        console.log(text);
        console.log('the last line');
      },
      [HTML + RTL],
      { name: 'writes a lot', maxOutputBytes: 8_000_000 },
    );
    await job.wait();
    await open(page, `/jobs/${String(job.id)}?tab=output`);
    const output = page.getByRole('group', { name: /^Output of task 0, attempt/ }).first();
    const shown = await textOf(output, /last line/);
    expect(shown).to.include(HTML).and.include('fo\ufffd');
    await expectHarmless(visit, 'the output');
  });

  it('errors with stacks, tasks and inputs', async () => {
    const { page } = visit;
    const map = monitor.d.map(
      (text: string) => {
        console.error(text);
        throw new Error(text);
      },
      [NAME],
      { name: 'fails', maxAttempts: 1 },
    );
    await map.wait().catch(() => undefined);
    await open(page, `/jobs/${String(map.id)}?tab=tasks&task=0`);
    await page.getByRole('group', { name: 'Stack of attempt 1' }).waitFor();
    expect(await textOf(page.getByRole('group', { name: 'Input of task 0' }), /script/)).to.include(
      '<iframe',
    );
    await expectHarmless(visit, 'the task');
    await open(page, '/');
    await expectHarmless(visit, 'the failures');
    await open(page, '/workers/1');
    expect(await facts(page)).to.have.property('Tasks failed', '1');
    await expectHarmless(visit, 'the worker, with its log');
    await open(page, '/server');
    await expectHarmless(visit, 'the server, with its log');
  });
});
