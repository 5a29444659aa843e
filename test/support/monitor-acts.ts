import type { Locator, Page } from 'playwright-core';

import type { JobStatus } from '#dsage/model/status.js';

import { eventually } from './cluster.js';

const SEEN_MS = 15_000;

/** Presses one of the buttons beside the page's heading. */
export async function act(page: Page, name: string): Promise<void> {
  await page.getByRole('main').getByRole('button', { name, exact: true }).click();
}

/** Says yes in the dialog that asks, by the name of the deed. */
export async function confirm(page: Page, deed: string): Promise<void> {
  await page.getByRole('dialog').getByRole('button', { name: deed, exact: true }).click();
}

/** Waits until the job's page shows this status beside its heading. */
export async function waitForStatus(page: Page, status: JobStatus): Promise<void> {
  await page.locator('.page-head').getByText(status, { exact: true }).waitFor();
}

/** The text of an element, once there is some that fits. */
export async function textOf(locator: Locator, fits: RegExp): Promise<string> {
  let text = '';
  await eventually(
    `a text like ${String(fits)}`,
    async () => fits.test((text = (await locator.textContent()) ?? '')),
    SEEN_MS,
  );
  return text;
}

/** The terms and descriptions that the page shows. */
export async function facts(page: Page): Promise<Record<string, string>> {
  const [terms, values] = await Promise.all([
    page.getByRole('term').allTextContents(),
    page.getByRole('definition').allTextContents(),
  ]);
  return Object.fromEntries(terms.map((term, at) => [term, values[at] ?? '']));
}
