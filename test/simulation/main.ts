// npm run simulate -- [--seeds N] [--from SEED] [--trace]; DSAGE_SEED=N plays one seed.

import { parseArgs } from 'node:util';

import { simulate } from './scenario.js';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '2000' },
    from: { type: 'string', default: '1' },
    trace: { type: 'boolean', default: false },
  },
});

const single = process.env['DSAGE_SEED'];
const from = Number(single ?? values.from);
const count = single === undefined ? Number(values.seeds) : 1;
const startedAt = performance.now();
let steps = 0;
let failures = 0;
for (let seed = from; seed < from + count; seed += 1) {
  try {
    const report = simulate(seed, values.trace ? console.log : undefined);
    steps += report.steps;
    if (single !== undefined) console.log(report);
  } catch (error) {
    failures += 1;
    console.log(`seed ${String(seed)}: ${error instanceof Error ? String(error.stack) : String(error)}`);
    console.log(`  replay it with: DSAGE_SEED=${String(seed)} npm run simulate -- --trace`);
    if (failures >= 10) break;
  }
}
const seconds = (performance.now() - startedAt) / 1_000;
console.log(
  `${String(count)} seeds, ${String(steps)} steps, ${String(failures)} failed, ${seconds.toFixed(1)} s`,
);
if (failures > 0) process.exitCode = 1;
