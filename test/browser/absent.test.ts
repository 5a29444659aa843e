import { expect } from 'chai';
import type { Page } from 'playwright-core';

import { acceptCertificate, requestCertificate } from '#dsage/security/enrol.js';

import { textOf } from '../support/monitor-acts.js';
import { type Monitor, shareVisit, type Visit } from '../support/monitor.js';
import { makeTempDir } from '../support/temp-dir.js';

/** Longer than the page waits before it connects again. */
const RETRY_MS = 3_500;

describe('what is not there', () => {
  let monitor: Monitor;
  let visit: Visit;

  shareVisit({ workers: 1 }, (...shared) => {
    [monitor, visit] = shared;
  });

  /** The page says so, links to `list`, shows no state of a connection and asks no more. */
  async function expectAbsent(page: Page, says: RegExp, list: string): Promise<void> {
    expect(await textOf(page.getByRole('alert'), /\S/)).to.match(says);
    const badge = page.getByRole('banner').getByRole('status');
    await badge.waitFor({ state: 'detached' });
    const asked: string[] = [];
    const note = (request: { url: () => string }): number => asked.push(request.url());
    page.on('request', note);
    await page.waitForTimeout(RETRY_MS);
    page.off('request', note);
    expect(asked).to.deep.equal([]);
    expect(await page.getByText('Loading…').count()).to.equal(0);
    await page.getByRole('alert').getByRole('link').click();
    await page.getByRole('heading', { level: 1, name: list }).waitFor();
    await badge.getByText('live').waitFor();
  }

  it('a job', async () => {
    for (const id of ['999', '99999999999999999999']) {
      await visit.page.goto(`/jobs/${id}`);
      await expectAbsent(visit.page, new RegExp(`There is no job ${id}[.]`), 'Jobs');
    }
  });

  it("another user's job", async () => {
    const theirs = makeTempDir();
    const { csrPem } = await requestCertificate(theirs, 'ivan');
    const { certificatePem, caPem } = await monitor.d.users.add({ name: 'ivan', csrPem });
    acceptCertificate(theirs, `${certificatePem}\n${caPem}`, 'ivan.pem');
    const job = monitor.d.eval('1', { name: 'a private one' });
    await job.wait();
    const { page } = await monitor.visit({}, theirs);
    await page.goto(`/jobs/${String(job.id)}`);
    await expectAbsent(page, /another user's/, 'Jobs');
    await page.context().close();
  });

  it('a worker', async () => {
    await visit.page.goto('/workers/77');
    await expectAbsent(visit.page, /There is no worker 77[.]/, 'Workers');
  });

  it('a task of a job', async () => {
    const { page } = visit;
    const job = monitor.d.map((n: number) => n, [1, 2, 3]);
    await job.wait();
    for (const index of ['3', 'x']) {
      await page.goto(`/jobs/${String(job.id)}?tab=tasks&task=${index}`);
      expect(await textOf(page.getByRole('alert'), /\S/)).to.equal(
        `There is no task ${index} in this job.Its tasks have the numbers 0 to 2.`,
      );
      await page.getByRole('button', { name: 'Close' }).click();
      await page.getByRole('alert').waitFor({ state: 'detached' });
      await page.getByRole('button', { name: 'Task 2: completed' }).waitFor();
    }
  });

  it('a job that is forgotten while its page is open', async () => {
    const { page } = visit;
    const job = monitor.d.eval('6 * 7', { name: 'soon gone' });
    await job.wait();
    await page.goto(`/jobs/${String(job.id)}`);
    await page.getByRole('heading', { level: 1, name: 'soon gone' }).waitFor();
    await page.getByRole('banner').getByRole('status').getByText('live').waitFor();
    await monitor.d.forget(job.id ?? 0);
    await page.getByRole('alert').getByText('There is no job').waitFor();
    await expectAbsent(page, /There is no job/, 'Jobs');
  });
});
