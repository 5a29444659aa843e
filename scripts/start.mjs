// npm start: everything in one go. Installs and builds what is missing, starts a server and two workers, runs
// 2+2 and a few thousand tasks, and stays up until Ctrl-C.
//
//   npm start                 on $DSAGE_DIR, or on a directory that is thrown away at the end
//   npm start -- --once       ends by itself

import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { bootstrap } from './bootstrap.mjs';
import { isMain, runMain, ScriptError } from './support.mjs';

const usualPort = 8081;
const usualWebPort = 8082;
const width = 2_000;
const ranges = 5_000;
/** Of the primes below ten million, by the tables: what the tasks must add up to. */
const primesInAll = 664_579;

const startedAt = performance.now();

/** @typedef {import('../dist/deploy/start-all.js').StartedCluster} StartedCluster */

async function main() {
  const { stopped, stop } = catchSignals();
  await bootstrap();
  // Loaded now: before the bootstrap there may have been nothing to load.
  const [{ startCluster }, { stopAll }] = await Promise.all([
    import('../dist/deploy/start-all.js'),
    import('../dist/deploy/stop-all.js'),
  ]);
  const { directory, cleanUp } = chooseDirectory();
  try {
    const cluster = await startCluster({ directory, workers: 2, ...(await choosePorts()) });
    try {
      await Promise.race([demonstrate(cluster), stopped]);
      if (process.argv.includes('--once') || stop.aborted) return;
      await sayWhereToGo(cluster);
      await Promise.race([stopped, cluster.server?.ended]);
    } finally {
      console.log('Stopping.');
      await cluster.d.close({ timeoutMs: 500 });
      await stopAll({ graceMs: 2_000 });
    }
  } catch (error) {
    const isOurs = error instanceof Error && error.name.endsWith('Error') && 'code' in error;
    throw isOurs ? new ScriptError(`start: ${error.message}`) : error;
  } finally {
    cleanUp();
  }
}

/** @param {StartedCluster} cluster */
async function demonstrate({ d, address, directory, server, workers }) {
  const four = /** @type {number} */ (await d('2+2').wait());
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`d('2+2') gave ${four}, ${seconds} s after the command.`);
  if (four !== 4) throw new ScriptError(`start: 2+2 gave ${four}`);
  const state = server === undefined ? 'was running already' : 'runs';
  console.log(`The server ${state} at ${address}, with ${workers.length} new workers, on ${directory}.\n`);

  console.log(`Counting the primes below ${(width * ranges).toLocaleString('en')} in ${ranges} tasks:`);
  const from = performance.now();
  const starts = Array.from({ length: ranges }, (_, place) => place * width);
  const job = d.map(countPrimes, starts, { name: 'primes', scope: { width } });
  await showProgress(job, ranges);
  const counts = await job.wait();
  const primes = counts.reduce((sum, count) => sum + count, 0);
  const took = (performance.now() - from) / 1000;
  console.log(
    `${primes.toLocaleString('en')} primes in ${took.toFixed(1)} s, ${Math.round(ranges / took)} tasks/s.`,
  );
  if (primes !== primesInAll) {
    throw new ScriptError(`start: there are ${primesInAll} primes below ten million, not ${primes}`);
  }
}

/**
 * How many primes there are from `first` on, below `first + width`. Runs on a worker.
 *
 * @param {number} first
 */
function countPrimes(first) {
  const isComposite = new Uint8Array(width);
  for (let p = 2; p * p < first + width; p += 1) {
    for (let n = Math.max(p * p, Math.ceil(first / p) * p); n < first + width; n += p) {
      isComposite[n - first] = 1;
    }
  }
  let count = 0;
  for (let n = Math.max(2, first); n < first + width; n += 1) if (isComposite[n - first] === 0) count += 1;
  return count;
}

/**
 * A bar on a terminal, a line for every quarter elsewhere. Resolves when the job has ended.
 *
 * @param {import('../dist/client/map-job.js').MapJob<number>} job
 * @param {number} total
 */
async function showProgress(job, total) {
  const show = process.stderr.isTTY ? await barFor(total) : linesFor(total);
  const timer = setInterval(() => show.update(job.progress.done), 100);
  try {
    await job.settled();
    show.update(total);
  } finally {
    clearInterval(timer);
    show.stop();
  }
}

/** @param {number} total */
async function barFor(total) {
  const { default: progress } = await import('cli-progress');
  const bar = new progress.SingleBar({ format: '{bar} {value}/{total}  {duration_formatted}' });
  bar.start(total, 0);
  return { update: (/** @type {number} */ done) => bar.update(done), stop: () => bar.stop() };
}

/** @param {number} total */
function linesFor(total) {
  let told = 0;
  const update = (/** @type {number} */ done) => {
    const quarter = Math.floor((done * 4) / total);
    if (quarter > told) console.log(`  ${done} of ${total}`);
    told = Math.max(told, quarter);
  };
  return { update, stop: () => undefined };
}

/** @param {StartedCluster} cluster */
async function sayWhereToGo({ d, directory }) {
  const link = await d.webLogin();
  const command = `DSAGE_DIR=${directory} npx dsage`;
  console.log(`
It stays up until Ctrl-C. In another terminal, in this folder:

  ${command} eval '2n**127n - 1n'
  ${command} jobs
  ${command} workers
  ${command} shell

The monitor, opened once by this link (for another: ${command} web):

  ${link}`);
}

function chooseDirectory() {
  const own = process.env['DSAGE_DIR'];
  if (own !== undefined && own !== '') return { directory: own, cleanUp: () => undefined };
  const directory = mkdtempSync(join(tmpdir(), 'dsage-'));
  console.log(`DSAGE_DIR is not set: everything goes to ${directory}, and is removed at the end.`);
  return { directory, cleanUp: () => rmSync(directory, { recursive: true, force: true }) };
}

/** The usual ports, so that the addresses in the README are right; others where something else has them. */
async function choosePorts() {
  const [port, webPort] = await Promise.all([
    freeOr0(usualPort, '0.0.0.0'),
    freeOr0(usualWebPort, '127.0.0.1'),
  ]);
  const taken = [port === 0 ? usualPort : 0, webPort === 0 ? usualWebPort : 0].filter((it) => it !== 0);
  if (taken.length > 0) console.log(`Port ${taken.join(' and ')} in use: taking another.`);
  return { port, webPort };
}

/**
 * @param {number} port
 * @param {string} host
 * @returns {Promise<number>} 0 when something listens there
 */
function freeOr0(port, host) {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(0));
    probe.listen(port, host, () => probe.close(() => resolve(port)));
  });
}

/** The first Ctrl-C ends it in order, the second at once. */
function catchSignals() {
  const controller = new AbortController();
  const stopped = new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM']) {
      process.on(signal, () => {
        if (controller.signal.aborted) process.exit(130);
        controller.abort();
        resolve(undefined);
      });
    }
  });
  return { stopped, stop: controller.signal };
}

if (isMain(import.meta.url)) await runMain(main);
