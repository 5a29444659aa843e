import { setImmediate as nextTurn } from 'node:timers/promises';

import { modulo } from '../../code/prelude/arithmetic.js';
import { ecmCurve } from './ecm.js';
import { CurveKernel } from './kernel/curve.js';
import { LANES } from './kernel/size.js';
import { pMinusOne } from './p-minus-one.js';
import type { CurvesTask, FactorAnswer, MinusOneTask } from './tasks.js';
import type { Watch } from './watch.js';

/** Pollard's p - 1. */
export async function minusOne(task: MinusOneTask, watch: Watch): Promise<FactorAnswer> {
  if (!CurveKernel.fits(task.n)) return { divisor: pMinusOne(task.n, task.b1, task.b2) ?? null };
  const kernel = new CurveKernel(task.n);
  kernel.beginMinusOne(task);
  await run(kernel, watch);
  return { divisor: kernel.divisor ?? null };
}

/** Elliptic curves, until one finds a divisor. */
export function curves(task: CurvesTask, watch: Watch): Promise<FactorAnswer> {
  return CurveKernel.fits(task.n) ? curvesByKernel(task, watch) : plainCurves(task, watch);
}

async function curvesByKernel(task: CurvesTask, watch: Watch): Promise<FactorAnswer> {
  const kernel = new CurveKernel(task.n);
  for (let done = 0; done < task.curves; done += LANES) {
    const length = Math.min(LANES, task.curves - done);
    kernel.begin(
      Array.from({ length }, (_, place) => sigmaOf(task.n, task.first + done + place)),
      task,
    );
    await run(kernel, watch);
    const { divisor, sigma } = kernel;
    if (divisor !== undefined && sigma !== undefined) return { divisor, sigma };
    watch.progress((done + length) / task.curves);
  }
  return { divisor: null };
}

async function run(kernel: CurveKernel, { signal }: Watch): Promise<void> {
  while (kernel.step()) {
    await nextTurn();
    signal.throwIfAborted();
  }
}

/** Curves for numbers that are too large for the kernel. */
async function plainCurves(task: CurvesTask, { signal, progress }: Watch): Promise<FactorAnswer> {
  for (let curve = 0; curve < task.curves; curve += 1) {
    const sigma = sigmaOf(task.n, task.first + curve);
    const divisor = ecmCurve(task.n, sigma, task);
    if (divisor !== undefined) return { divisor, sigma };
    progress((curve + 1) / task.curves);
    await nextTurn();
    signal.throwIfAborted();
  }
  return { divisor: null };
}

const MERSENNE_61 = 2n ** 61n - 1n;
const MULTIPLIER = 6_364_136_223_846_793_005n;

/**
 * The sigma of a number's curve, from 6 to 2^61: it looks random, and is the same whenever a task is run again. Sigmas of
 * one number do not repeat.
 */
export function sigmaOf(n: bigint, curve: number): bigint {
  return 6n + modulo(n * MULTIPLIER + BigInt(curve) * (MULTIPLIER >> 7n), MERSENNE_61);
}
