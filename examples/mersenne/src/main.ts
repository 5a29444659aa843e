import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';

import { dsage } from 'dsage';

import { MersenneSearch } from './mersenne-search.js';

const { values } = parseArgs({ options: { limit: { type: 'string', default: '4000' } } });

// The server that is named, or one of our own with two workers, which end with this program. Port 0 is any that
// is free, so that it runs beside whatever else does.
const { DSAGE_SERVER } = process.env;
await using d =
  DSAGE_SERVER === undefined
    ? await dsage.startAll({ port: 0, webPort: 0 })
    : await dsage.connect({ server: DSAGE_SERVER });

const job = d.start(new MersenneSearch({ limit: Number(values.limit) }), { name: 'Mersenne primes' });
job.events.on('collected', (isFound, p) => {
  if (!isFound) return;
  const { done } = job.progress;
  console.error(`2^${p} - 1 is prime (${done} exponents tried, ${job.time.toFixed(1)} s)`);
});

const exponents = await job.wait();
console.log(`2^p - 1 is prime for p = ${exponents.join(', ')}`);
await writeFile('mersenne.txt', `${exponents.join('\n')}\n`);
console.log(`${exponents.length} primes, in mersenne.txt`);
