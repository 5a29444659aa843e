import { expect } from 'chai';
import type { Page } from 'playwright-core';

import { type MixedJobs, submitMixedJobs } from '../support/mixed-jobs.js';
import { act } from '../support/monitor-acts.js';
import { expectAccessible, type Monitor, startMonitor } from '../support/monitor.js';
import { pagesOf, settled } from '../support/monitor-pages.js';
import { removeTempDirs } from '../support/temp-dir.js';

/** The family that the browser took for an element's text. */
async function fontOf(page: Page, selector: string): Promise<string | undefined> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('DOM.enable');
  await devtools.send('CSS.enable');
  const { root } = await devtools.send('DOM.getDocument');
  const { nodeId } = await devtools.send('DOM.querySelector', { nodeId: root.nodeId, selector });
  const { fonts } = await devtools.send('CSS.getPlatformFontsForNode', { nodeId });
  await devtools.detach();
  return fonts[0]?.familyName;
}

for (const colorScheme of ['light', 'dark'] as const) {
  describe(`the page for everyone, ${colorScheme}`, () => {
    let monitor: Monitor;
    let jobs: MixedJobs;
    let page: Page;

    before(async () => {
      monitor = await startMonitor({ workers: 2, slots: 2, workerArgs: ['--coordinators', '1'] });
      jobs = await submitMixedJobs(monitor.d);
      ({ page } = await monitor.visit({ colorScheme, reducedMotion: 'reduce' }));
    });
    after(async () => {
      await monitor.d.killAll();
      await monitor.stop();
      removeTempDirs();
    });

    it('axe finds nothing on any page', async () => {
      for (const [name, path] of Object.entries(pagesOf(jobs))) {
        await page.goto(path);
        await settled(page);
        await expectAccessible(page, name);
      }
    });

    it('nor in the dialogs', async () => {
      await page.goto(`/jobs/${String(jobs.running)}`);
      await settled(page);
      await act(page, 'Kill');
      await expectAccessible(page, 'the question before a kill');
      await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
      await page.getByRole('main').focus();
      await page.keyboard.press('?');
      await page.getByRole('dialog').getByRole('heading', { name: 'Keys' }).waitFor();
      await expectAccessible(page, 'the keys');
    });

    it('every heading has the font of the text', async () => {
      await page.goto(`/jobs/${String(jobs.mixed)}?tab=tasks&task=4`);
      await settled(page);
      const [text, ...headings] = await Promise.all(
        ['.tabs a', 'h1', 'h2', 'h3'].map((selector) => fontOf(page, selector)),
      );
      expect(headings).to.deep.equal([text, text, text]);
    });

    it('nor where nobody is logged in', async () => {
      await page.context().clearCookies();
      await page.goto('/');
      await page.getByRole('heading', { level: 1, name: 'Log in' }).waitFor();
      await expectAccessible(page, 'the login');
    });
  });
}
