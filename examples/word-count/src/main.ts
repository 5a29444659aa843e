import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { dsage } from 'dsage';

import { WordCount } from './word-count.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { top: { type: 'string', default: '12' } },
});
const [folder = 'texts'] = positionals;
const names = (await readdir(folder)).filter((name) => name.endsWith('.txt')).sort();

// The server that is named, or one of our own with two workers, which end with this program. Port 0 is any that
// is free, so that it runs beside whatever else does.
const { DSAGE_SERVER } = process.env;
await using d =
  DSAGE_SERVER === undefined
    ? await dsage.startAll({ port: 0, webPort: 0 })
    : await dsage.connect({ server: DSAGE_SERVER });

// Every file is sent to the server once; workers put all of them into the folder of every task.
const files = names.map((name) => join(folder, name));
const job = d.start(new WordCount({ names }), { name: `words in ${folder}`, files });
job.events.on('collected', () => process.stderr.write(`\r${job.progress.done} of ${job.total} files `));
const counts = await job.wait();
process.stderr.write('\n');

for (const [word, count] of [...counts].slice(0, Number(values.top))) {
  console.log(`${String(count).padStart(6)}  ${word}`);
}
await writeFile('words.csv', ['word,count', ...counts].map((row) => `${String(row)}\n`).join(''));
const sum = [...counts.values()].reduce((total, count) => total + count, 0);
console.log(`${sum} words, ${counts.size} different ones, in ${names.length} files: all are in words.csv`);
