import type { DistributedFactor } from '../jobs/factor/distributed-factor.js';
import type { Cli } from './cli.js';
import { duration } from './format/time.js';

/** How often the line about the stage is written anew. */
const SHOW_MS = 200;
/** Of a terminal that does not say how wide it is. */
const USUAL_COLUMNS = 80;

/**
 * Tells of a factorization while it runs: a line for each prime factor when it is found, and below them one that is kept
 * up to date. Where stderr is no terminal, nothing is shown. Returns what ends it. Idempotent.
 */
export function showFactoring(cli: Cli, job: DistributedFactor): () => void {
  const { stderr } = cli.io;
  if (!stderr.isTTY) return () => undefined;
  const told = new Set(job.primeFactors.map(([prime]) => prime));
  const show = (): void => {
    for (const [prime] of job.primeFactors) {
      if (told.has(prime)) continue;
      told.add(prime);
      const digits = String(prime).length;
      stderr.write(`\r\x1b[K${duration(1000 * job.time)}  found ${prime} (${digits} digits)\n`);
    }
    stderr.write(`\r\x1b[K${line(job).slice(0, (stderr.columns || USUAL_COLUMNS) - 1)}`);
  };
  const timer = setInterval(show, SHOW_MS);
  let isShown = true;
  return () => {
    clearInterval(timer);
    if (isShown) stderr.write('\r\x1b[K');
    isShown = false;
  };
}

function line(job: DistributedFactor): string {
  const { timeLeft } = job;
  const left = timeLeft === undefined ? '' : `, ${duration(1000 * timeLeft)} left`;
  return `${duration(1000 * job.time)}  ${job.stage}${left}`;
}
