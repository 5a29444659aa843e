import { spawn } from 'node:child_process';

import { root } from '../support/paths.js';
import type { Report } from '../support/results.js';
import type { Bench, BenchOptions } from './bench.js';

const TIMEOUT_MS = 120_000;

/** From the command to the first answer. */
export const start: Bench = {
  name: 'start',
  summary: 'npm start -- --once on a warm install: time until 2+2 is answered',
  run,
};

async function run({ runs, progress }: BenchOptions): Promise<Report> {
  progress('npm start once, so that nothing is left to install or build');
  await npmStart();
  const answered: number[] = [];
  const ended: number[] = [];
  for (let round = 1; round <= runs; round++) {
    progress(`npm start -- --once (run ${round} of ${runs})`);
    const times = await npmStart();
    answered.push(times.answered);
    ended.push(times.ended);
  }
  return {
    title: 'Start',
    note: 'npm start -- --once with all installed and built, in a directory of its own: set-up, server, two workers, 2+2, a map.',
    rows: [
      { what: 'command to the answer of 2+2', unit: 's', values: answered, bar: { atMost: 3 } },
      { what: 'command to its end, with the map', unit: 's', values: ended },
    ],
  };
}

interface Times {
  readonly answered: number;
  readonly ended: number;
}

/** Seconds after which the line with the answer came, and after which the command ended. */
function npmStart(): Promise<Times> {
  const env = { ...process.env };
  // Without it npm start makes a directory that it removes at its end.
  delete env['DSAGE_DIR'];
  const startMs = performance.now();
  const seconds = (): number => (performance.now() - startMs) / 1000;
  const child = spawn('npm', ['start', '--silent', '--', '--once'], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: TIMEOUT_MS,
  });
  let output = '';
  let answered = NaN;
  const hear = (data: Buffer): void => {
    output += data.toString();
    if (Number.isNaN(answered) && /2\s*\+\s*2\D*\b4\b/.test(output)) answered = seconds();
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => {
      if (code === 0 && !Number.isNaN(answered)) resolve({ answered, ended: seconds() });
      else
        reject(new Error(`npm start ended with ${String(code)} and did not answer: ${output.slice(-2000)}`));
    });
  });
}
