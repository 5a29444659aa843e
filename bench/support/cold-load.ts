import type { Browser, BrowserContextOptions, Request } from 'playwright-core';

/** A page's load into an empty cache. */
export interface ColdLoad {
  /** From navigation until the heading is seen, milliseconds. */
  readonly headingMs: number;
  /** From navigation until the first figures from the server are seen, milliseconds. */
  readonly figuresMs: number;
  /** Bytes of HTML, scripts and styles that were asked for before the figures were there, with their headers. */
  readonly firstView: number;
  /** The same with what came after them: the chart. */
  readonly whole: number;
  /** How the scripts were compressed. */
  readonly encoding: string;
}

const COUNTED = ['document', 'script', 'stylesheet'];

/** Marks the moment at which the figures are put into the page: what is asked for later, the page is usable without. */
const MARK_FIGURES = `
  new MutationObserver((_, observer) => {
    if (document.querySelector('.figures') === null) return;
    performance.mark('figures');
    observer.disconnect();
  }).observe(document, { childList: true, subtree: true });`;
const ASKED_BEFORE_FIGURES = `
  performance.getEntriesByType('resource')
    .filter(({ startTime }) => startTime < performance.getEntriesByName('figures')[0].startTime)
    .map(({ name }) => name)`;

/** Opens the overview in a browser profile of its own, until its chart is drawn. */
export async function coldLoad(browser: Browser, options: BrowserContextOptions): Promise<ColdLoad> {
  const context = await browser.newContext(options);
  try {
    const page = await context.newPage();
    await page.addInitScript({ content: MARK_FIGURES });
    const requests: Request[] = [];
    page.on('request', (request) => {
      if (COUNTED.includes(request.resourceType())) requests.push(request);
    });
    const startMs = performance.now();
    await page.goto('/', { waitUntil: 'commit' });
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    const headingMs = performance.now() - startMs;
    await page.getByRole('region', { name: 'Figures' }).waitFor();
    const figuresMs = performance.now() - startMs;
    await page.locator('.chart canvas').waitFor();
    const early = await page.evaluate<string[]>(ASKED_BEFORE_FIGURES);
    const first = requests.filter(
      (request) => request.resourceType() === 'document' || early.includes(request.url()),
    );
    return {
      ...{ headingMs, figuresMs },
      firstView: await bytesOf(first),
      whole: await bytesOf(requests),
      encoding: await encodingOf(requests),
    };
  } finally {
    await context.close();
  }
}

async function bytesOf(requests: readonly Request[]): Promise<number> {
  const sizes = await Promise.all(requests.map((request) => request.sizes()));
  return sizes.reduce((sum, size) => sum + size.responseHeadersSize + size.responseBodySize, 0);
}

async function encodingOf(requests: readonly Request[]): Promise<string> {
  const scripts = requests.filter((request) => request.resourceType() === 'script');
  const answers = await Promise.all(scripts.map((request) => request.response()));
  const names = answers.map((answer) => answer?.headers()['content-encoding'] ?? 'not at all');
  return [...new Set(names)].join(', ');
}
