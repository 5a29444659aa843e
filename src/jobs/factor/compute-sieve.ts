import { setImmediate as nextTurn } from 'node:timers/promises';

import { Siever } from './kernel/siever.js';
import { dependencySteps } from './relations/matrix.js';
import { joinBytes } from './relations/packed.js';
import { divisorOf } from './relations/square-root.js';
import { sieveBase } from './sieve/base.js';
import type { SieveBase } from './sieve/base.js';
import type { FactorAnswer, MatrixTask, RootTask, SieveTask } from './tasks.js';
import type { Watch } from './watch.js';

/** How long a task works before it looks whether it is still wanted. */
const LOOK_MS = 40;

/** What is kept from one task to the next of the same number. */
interface Bench {
  readonly base: SieveBase;
  siever: Siever | undefined;
}

let latest: Bench | undefined;

function benchOf(n: bigint): Bench {
  if (latest?.base.n !== n) latest = { base: sieveBase(n), siever: undefined };
  return latest;
}

/** The relations of the task's coefficients, packed. */
export async function sieve({ n, coefficients }: SieveTask, watch: Watch): Promise<Uint8Array> {
  const bench = benchOf(n);
  bench.siever ??= new Siever(bench.base);
  const parts: Uint8Array[] = [];
  for (const [place, a] of coefficients.entries()) {
    parts.push(await sieveOne(bench.siever, a, watch));
    watch.progress((place + 1) / coefficients.length);
  }
  return joinBytes(parts);
}

/** The polynomials of one coefficient; between any two the task may look whether it is still wanted. */
export async function sieveOne(siever: Siever, a: readonly number[], watch: Watch): Promise<Uint8Array> {
  siever.begin(a);
  for (let isLeft = true; isLeft;) {
    isLeft = siever.step(1);
    await look(watch);
  }
  return siever.take();
}

let lookedAtMs = 0;

/** Lets the event loop turn when it is time, so that a task that is killed hears of it, and ends then. */
async function look({ signal }: Watch): Promise<void> {
  const nowMs = performance.now();
  if (nowMs - lookedAtMs < LOOK_MS) return;
  lookedAtMs = nowMs;
  await nextTurn();
  signal.throwIfAborted();
}

/** Products of relations that are squares. Once the matrix is made, nothing here holds the relations any more. */
export function solve({ n, relations }: MatrixTask, watch: Watch): Promise<FactorAnswer> {
  const bench = benchOf(n);
  // Its memory is better used by the matrix; more is rarely sieved.
  bench.siever = undefined;
  return takeSteps(dependencySteps(bench.base, relations), watch);
}

async function takeSteps(
  steps: ReturnType<typeof dependencySteps>,
  { signal, progress }: Watch,
): Promise<FactorAnswer> {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return { dependencies: step.value };
    progress(step.value.fraction);
    await nextTurn();
    signal.throwIfAborted();
  }
}

export function root({ n, relations }: RootTask): bigint | undefined {
  return divisorOf(benchOf(n).base, relations);
}
