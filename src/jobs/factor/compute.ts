import { rho } from '../../code/prelude/rho.js';
import { root, sieve, solve } from './compute-sieve.js';
import { split } from './compute-split.js';
import type { FactorAnswer, FactorTask, MatrixTask } from './tasks.js';
import type { Watch } from './watch.js';

/** One task, on a worker. It looks again and again whether it is still wanted. */
export function computeFactor(task: FactorTask, watch: Watch): Promise<FactorAnswer> {
  // What waits would keep the task, whose relations are megabytes that the matrix has no more use for.
  return task.method === 'matrix' ? solve(task, watch) : computeOther(task, watch);
}

async function computeOther(task: Exclude<FactorTask, MatrixTask>, watch: Watch): Promise<FactorAnswer> {
  switch (task.method) {
    case 'split':
      return { divisor: await split(task.n, watch) };
    case 'sieve':
      return { relations: await sieve(task, watch) };
    case 'root':
      return { divisor: root(task) ?? null };
    case 'rho':
      return { divisor: rho(task.n, task.maxSteps) ?? null };
    case 'p-1':
      return await (await curveMethods()).minusOne(task, watch);
    case 'ecm':
      return await (await curveMethods()).curves(task, watch);
  }
}

/** Brief jobs need none of it, and would wait for it to be loaded. */
function curveMethods() {
  return import('./compute-curves.js');
}
