import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';

import { dsage } from 'dsage';

import { convergenceChart } from './chart.js';
import { PiSweep } from './pi-sweep.js';

const { values } = parseArgs({
  options: {
    samples: { type: 'string', default: '10000000' },
    seeds: { type: 'string', default: '40' },
  },
});

// Two for each power of ten, from 100 on.
const steps = Math.max(0, Math.floor(2 * Math.log10(Number(values.samples) / 100))) + 1;
const sizes = Array.from({ length: steps }, (_, step) => Math.round(100 * 10 ** (step / 2)));

// The server that is named, or one of our own with two workers, which end with this program. Port 0 is any that
// is free, so that it runs beside whatever else does.
const { DSAGE_SERVER } = process.env;
await using d =
  DSAGE_SERVER === undefined
    ? await dsage.startAll({ port: 0, webPort: 0 })
    : await dsage.connect({ server: DSAGE_SERVER });

const job = d.start(new PiSweep({ sizes, seeds: Number(values.seeds) }), { name: 'pi by darts' });
job.events.on('collected', () => process.stderr.write(`\r${job.progress.done} of ${job.total} estimates `));
const points = await job.wait();
process.stderr.write('\n');

console.log('   samples    mean of pi   RMS error');
for (const { samples, mean, rms } of points) {
  console.log(`${String(samples).padStart(10)}   ${mean.toFixed(8)}   ${rms.toExponential(2)}`);
}
await writeFile('convergence.svg', convergenceChart(points));
console.log('The chart is convergence.svg');
