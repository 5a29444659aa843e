import { setTimeout as sleep } from 'node:timers/promises';

import type { Browser, Page } from 'playwright-core';

import { connect, type Dsage } from '#dsage/client/connect.js';

import { launchBrowser } from '../support/browser.js';
import { browserUse, memoryOf } from '../support/browser-use.js';
import { type ColdLoad, coldLoad } from '../support/cold-load.js';
import { identity } from '../support/commands.js';
import { waitUntil } from '../support/net.js';
import type { Program } from '../support/program.js';
import type { Report, Row } from '../support/results.js';
import { median } from '../support/stats.js';
import { Cluster } from '../systems/cluster.js';
import type { Bench, BenchOptions } from './bench.js';

const AT_LEAST_PER_SECOND = 1_000;
/** Enough above it, and so little that the page, server and workers all find a free core. */
const PER_SECOND = 1_500;
/** As many as the overview shows. */
const ACTIVE_JOBS = 20;
const FAILED_JOBS = 10;

/** What the overview costs the machine of who looks at it. */
export const page: Bench = {
  name: 'page',
  summary: "the monitor's overview in Chromium while 1,500 tasks a second finish: CPU, memory, load, size",
  run,
};

/** What the browser used while somebody looked. */
interface Watched {
  /** Of one core, percent. */
  readonly renderer: number;
  readonly rest: number;
  /** Of the renderer, MB. */
  readonly resident: number;
  readonly anonymous: number;
  /** Tasks that finished meanwhile. */
  readonly perSecond: number;
}

interface Round {
  readonly plain: Watched;
  readonly full: Watched;
  readonly loads: readonly ColdLoad[];
}

async function run({ quick, runs, progress }: BenchOptions): Promise<Report> {
  const [seconds, loads] = quick ? [5, 3] : [20, 10];
  const rounds: Round[] = [];
  for (let round = 1; round <= runs; round++) {
    progress(`${PER_SECOND} tasks a second for ${seconds} s (run ${round} of ${runs})`);
    rounds.push(await measure(seconds, loads));
  }
  const encodings = new Set(rounds.flatMap((round) => round.loads.map(({ encoding }) => encoding)));
  return {
    title: 'Page',
    note:
      `The overview in a headless Chromium that draws without a GPU, on the machine of the server and its two workers, for ${seconds} s while one map runs; then with all that it can show, ${ACTIVE_JOBS} active jobs and ${FAILED_JOBS} failures; then ${loads} loads into an empty cache. ` +
      `Of the browser's processes the bars count the renderer, which runs the page, with all of its threads; the others are main, GPU and network. Sizes: HTML, scripts and styles with their headers, as they came (${[...encodings].join(', ')}).`,
    rows: [...rowsOfWatching(rounds), ...rowsOfLoading(rounds)],
  };
}

function rowsOfWatching(rounds: readonly Round[]): Row[] {
  const values = (figure: (of: Round) => number): number[] => rounds.map(figure);
  const cpu = '% of a core';
  return [
    {
      what: "CPU of the page's renderer",
      unit: cpu,
      values: values(({ plain }) => plain.renderer),
      bar: { atMost: 10 },
    },
    { what: 'CPU, overview full', unit: cpu, values: values(({ full }) => full.renderer) },
    { what: "CPU of the browser's other processes", unit: cpu, values: values(({ plain }) => plain.rest) },
    {
      what: "memory of the page's renderer",
      unit: 'MB',
      values: values(({ plain }) => plain.resident),
      bar: { atMost: 150 },
    },
    { what: 'of that, not of files', unit: 'MB', values: values(({ plain }) => plain.anonymous) },
    { what: 'memory, overview full', unit: 'MB', values: values(({ full }) => full.resident) },
    {
      what: 'tasks that finished meanwhile',
      unit: '/s',
      values: values(({ plain }) => plain.perSecond),
      bar: { atLeast: AT_LEAST_PER_SECOND },
    },
  ];
}

function rowsOfLoading(rounds: readonly Round[]): Row[] {
  const values = (figure: (of: ColdLoad) => number): number[] =>
    rounds.map(({ loads }) => median(loads.map(figure)));
  return [
    {
      what: 'overview: navigation to its heading',
      unit: 'ms',
      values: values(({ headingMs }) => headingMs),
      bar: { atMost: 1_000 },
    },
    {
      what: 'overview: navigation to its first figures',
      unit: 'ms',
      values: values(({ figuresMs }) => figuresMs),
    },
    {
      what: 'overview: fetched until its first figures',
      unit: 'kB',
      values: values(({ firstView }) => firstView / 1_000),
      bar: { atMost: 60 },
    },
    { what: 'overview: fetched with its chart', unit: 'kB', values: values(({ whole }) => whole / 1_000) },
  ];
}

async function measure(seconds: number, loads: number): Promise<Round> {
  const cluster = await Cluster.start();
  try {
    const client = await cluster.startClient('paced-client');
    await client.ask({ do: 'begin', perSecond: PER_SECOND });
    const d = await connect({ server: cluster.address, directory: cluster.directory });
    const browser = await launchBrowser();
    try {
      const url = await d.webLogin();
      const baseURL = new URL(url).origin;
      const context = await browser.newContext({ baseURL });
      const page = await context.newPage();
      await page.goto(url);
      const plain = await watch({ browser, page, client }, seconds);
      await fill(d, page);
      const full = await watch({ browser, page, client }, seconds);
      const options = { baseURL, storageState: await context.storageState() };
      const each: ColdLoad[] = [];
      for (let load = 0; load < loads; load++) each.push(await coldLoad(browser, options));
      return { plain, full, loads: each };
    } finally {
      await browser.close();
      await d.close();
    }
  } finally {
    await cluster.stop();
  }
}

interface Watching {
  readonly browser: Browser;
  readonly page: Page;
  /** Knows how many tasks have finished. */
  readonly client: Program;
}

async function watch({ browser, page, client }: Watching, seconds: number): Promise<Watched> {
  const session = await browser.newBrowserCDPSession();
  const used = async () => ({
    ...(await browserUse(session)),
    tasks: Number((await client.ask({ do: 'done' }))['tasks']),
    atSeconds: performance.now() / 1_000,
  });
  await waitUntil(
    `the page says ${AT_LEAST_PER_SECOND} tasks per second`,
    async () => (await shownPerSecond(page)) >= AT_LEAST_PER_SECOND,
  );
  const before = await used();
  await sleep(1_000 * seconds);
  const after = await used();
  if (String(before.renderers) !== String(after.renderers)) throw new Error('the page changed its process');
  await page.getByText('live', { exact: true }).waitFor();
  const elapsed = after.atSeconds - before.atSeconds;
  return {
    renderer: (100 * (after.rendererSeconds - before.rendererSeconds)) / elapsed,
    rest: (100 * (after.otherSeconds - before.otherSeconds)) / elapsed,
    ...memoryOf(after.renderers),
    perSecond: (after.tasks - before.tasks) / elapsed,
  };
}

/** Gives the overview as much to show as it can, beside the map that runs. */
async function fill(d: Dsage, page: Page): Promise<void> {
  for (let job = 1; job < ACTIVE_JOBS; job++) {
    d.map(identity, [job], { labels: ['nowhere'] })
      .wait()
      .catch(() => undefined);
  }
  await Promise.allSettled(Array.from({ length: FAILED_JOBS }, () => d('nothing').wait()));
  await page
    .locator('.job-row')
    .nth(ACTIVE_JOBS - 1)
    .waitFor();
  await page
    .locator('.failure-text')
    .nth(FAILED_JOBS - 1)
    .waitFor();
}

/** What a person reads on it. */
async function shownPerSecond(page: Page): Promise<number> {
  const figure = page.locator('.figure').filter({ hasText: 'Tasks per second' });
  const text = await figure.locator('.figure-value').textContent();
  return Number(text?.replaceAll(',', ''));
}
