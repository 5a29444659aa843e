import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import { expect } from 'chai';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

import type { Dsage } from '#dsage/client/connect.js';

import { launchBrowser } from '../../bench/support/browser.js';
import { type Cluster, type ClusterOptions, startCluster } from './cluster.js';
import { RawClient } from './raw-client.js';
import { removeTempDirs } from './temp-dir.js';

const require = createRequire(import.meta.url);
const axeSource = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

/** How long something may take to be seen; this machine also runs the server, the workers and the browser. */
const SEEN_MS = 15_000;

/** A page of the monitor that somebody looks at, with all that went wrong in it. */
export interface Visit {
  readonly page: Page;
  /** Uncaught errors, dialogs and what the content policy refused: a good page has none. */
  readonly troubles: readonly string[];
}

/** A real server with workers, its monitor, and a browser to look at it. Call `stop()` in an `after` hook. */
export class Monitor {
  readonly cluster: Cluster;
  /** Connected as the admin who set the cluster up. */
  readonly d: Dsage;
  readonly #browser: Browser;

  constructor(cluster: Cluster, d: Dsage, browser: Browser) {
    this.cluster = cluster;
    this.d = d;
    this.#browser = browser;
  }

  /** Opens the monitor with a new one-time link, as the user of the directory, in a browser profile of its own. */
  async visit(options: BrowserContextOptions = {}, directory = this.cluster.directory): Promise<Visit> {
    const context = await this.#browser.newContext({ ...options, baseURL: this.cluster.webUrl });
    context.setDefaultTimeout(SEEN_MS);
    const page = await context.newPage();
    const troubles: string[] = [];
    page.on('pageerror', (error) => troubles.push(String(error)));
    page.on('dialog', (dialog) => {
      troubles.push(`a dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('console', (message) => {
      if (message.text().includes('Content Security Policy')) troubles.push(message.text());
    });
    await page.goto(await loginUrl(this.cluster.address, directory));
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    return { page, troubles };
  }

  /** Idempotent. */
  async stop(): Promise<void> {
    await this.#browser.close();
    await this.cluster.stop();
  }
}

export async function startMonitor(options: ClusterOptions = {}): Promise<Monitor> {
  const browser = await launchBrowser();
  try {
    const cluster = await startCluster(options);
    return new Monitor(cluster, await cluster.connect(), browser);
  } catch (error) {
    await browser.close();
    throw error;
  }
}

/**
 * Hooks for a suite whose tests share one monitor and one visit, which `given` gets before them: after each test the page
 * must be without troubles.
 */
export function shareVisit(options: ClusterOptions, given: (monitor: Monitor, visit: Visit) => void): void {
  let monitor: Monitor | undefined;
  let visit: Visit | undefined;
  before(async () => {
    monitor = await startMonitor(options);
    visit = await monitor.visit();
    given(monitor, visit);
  });
  after(async () => {
    await monitor?.stop();
    removeTempDirs();
  });
  afterEach(() => {
    expect(visit?.troubles).to.deep.equal([]);
  });
}

/** A link that logs in once, as `dsage web` asks for it. */
async function loginUrl(address: string, directory: string): Promise<string> {
  const raw = new RawClient(address, directory);
  try {
    return await new Promise<string>((resolve, reject) => {
      raw.server.createWebLogin({}, (error, answer) => (error ? reject(error) : resolve(answer.url)));
    });
  } finally {
    raw.close();
  }
}

/** axe looks at what is shown now and finds nothing. */
export async function expectAccessible(page: Page, what: string): Promise<void> {
  // Evaluated, which the content policy of the page does not forbid, as it does a script element.
  await page.evaluate(axeSource);
  const violations = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run: (options: object) => Promise<AxeResults> } };
    const { violations } = await axe.run({ resultTypes: ['violations'] });
    return violations.map(({ id, help, nodes }) => ({
      rule: `${id}: ${help}`,
      where: nodes.slice(0, 3).map(({ target, failureSummary }) => `${target.join(' ')} – ${failureSummary}`),
    }));
  });
  expect(violations, `what axe finds on ${what}`).to.deep.equal([]);
}

interface AxeResults {
  readonly violations: readonly {
    readonly id: string;
    readonly help: string;
    readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary: string }[];
  }[];
}
