import { readFileSync } from 'node:fs';

import { expect } from 'chai';

import { connect } from '#dsage/client/connect.js';
import { acceptCertificate, requestCertificate } from '#dsage/security/enrol.js';

import { eventually } from '../support/cluster.js';
import { act, confirm, textOf } from '../support/monitor-acts.js';
import { type Monitor, shareVisit, type Visit } from '../support/monitor.js';
import { rejection } from '../support/rejection.js';
import { makeTempDir } from '../support/temp-dir.js';

describe('workers and users on the page', () => {
  let monitor: Monitor;
  let visit: Visit;

  shareVisit({ workers: 1 }, (...shared) => {
    [monitor, visit] = shared;
  });

  it('drain a worker, and resume it', async () => {
    const { page } = visit;
    const { d } = monitor;
    await page.getByRole('link', { name: 'Workers', exact: true }).click();
    await page.getByRole('table').getByRole('link', { name: '1', exact: true }).click();
    await act(page, 'Drain');
    await confirm(page, 'Drain');
    await page.getByRole('main').getByText('draining', { exact: true }).waitFor();
    expect((await d.workers())[0]?.draining).to.equal(true);
    const job = d.eval('6 * 7', { name: 'waits for the worker' });
    await eventually('it is there', () => job.id !== undefined);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect((await d.jobInfo(job.id ?? 0)).status).to.equal('waiting');
    await act(page, 'Resume');
    await page.getByRole('main').getByText('connected', { exact: true }).waitFor();
    expect(await job.wait()).to.equal(42);
  });

  it('add a user by a request, who connects, is disabled and refused, and is let in again', async () => {
    const { page } = visit;
    const theirs = makeTempDir();
    const { csrPem, keyPath } = await requestCertificate(theirs, 'grace');
    const key = readFileSync(keyPath, 'utf8');
    await page.getByRole('link', { name: 'Users', exact: true }).click();
    await page.getByLabel('Name', { exact: true }).fill('grace');
    await page.getByLabel('Certificate request').fill(csrPem);
    await page.getByRole('button', { name: 'Add user' }).click();
    const certificate = page.getByLabel('Certificate', { exact: true });
    await certificate.waitFor();
    acceptCertificate(theirs, await certificate.inputValue(), 'grace.pem');
    expect(readFileSync(keyPath, 'utf8')).to.equal(key);
    const row = page.getByRole('row').filter({ hasText: 'grace' });
    await row.getByText('enabled', { exact: true }).waitFor();

    const join = () => connect({ server: monitor.cluster.address, directory: theirs });
    const grace = await join();
    expect(await grace.eval('6 * 7').wait()).to.equal(42);
    const hers = await monitor.visit({}, theirs);
    await page.getByRole('button', { name: 'Disable grace' }).click();
    await confirm(page, 'Disable');
    await row.getByText('disabled', { exact: true }).waitFor();
    const refused = await rejection(join());
    expect(refused)
      .to.have.property('message')
      .that.matches(/grace has been disabled/);
    expect(await rejection(grace.jobs().toArray(1))).to.be.instanceOf(Error);
    await grace.close({ timeoutMs: 100 });
    // Her page is cut off too, and shows how to log in.
    await hers.page.getByRole('heading', { level: 1, name: 'Log in' }).waitFor();

    await page.getByRole('button', { name: 'Enable grace' }).click();
    await row.getByText('enabled', { exact: true }).waitFor();
    const again = await join();
    expect(await again.eval('1 + 1').wait()).to.equal(2);
    await again.close();
  });

  it("a user neither sees nor touches another's job", async () => {
    const theirs = makeTempDir();
    const { csrPem } = await requestCertificate(theirs, 'heidi');
    const { certificatePem, caPem } = await monitor.d.users.add({ name: 'heidi', csrPem });
    acceptCertificate(theirs, `${certificatePem}\n${caPem}`, 'heidi.pem');
    // It has not ended: a kill that were let through would be seen.
    const job = monitor.d.eval('"my secret"', { name: 'a private one', labels: ['nowhere'] });
    await job.accepted;
    const { page, troubles } = await monitor.visit({}, theirs);
    await page.getByRole('link', { name: 'Jobs', exact: true }).click();
    await page.getByText('No jobs yet.').waitFor();
    await page.goto(`/jobs/${String(job.id)}`);
    expect(await textOf(page.getByRole('alert'), /\S/)).to.match(/no job|another/i);
    expect(await page.content()).to.not.match(/a private one|my secret/);
    const kill = await page.request.post('/api/jobs/kill', {
      data: { jobs: [job.id], reason: '' },
      headers: { Origin: monitor.cluster.webUrl },
    });
    expect(kill.status()).to.equal(403);
    expect((await monitor.d.jobInfo(job.id ?? 0)).status).to.equal('waiting');
    await job.kill();
    expect(await page.getByRole('link', { name: 'Users', exact: true }).count()).to.equal(0);
    expect(troubles).to.deep.equal([]);
    await page.context().close();
  });
});
