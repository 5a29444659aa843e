// How many no-op function tasks a slot takes through its child in a second, given in batches.
// Run: npx tsx bench/slot.ts [tasks] [slots] [batch]

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { DEFAULT_LIMITS } from '#dsage/model/job.js';
import { encodeValue } from '#dsage/wire/codec.js';
import { inlinePayload } from '#dsage/wire/payload.js';
import { Slot } from '#dsage/worker/runner/slot.js';
import type { SlotProgram, SlotTask } from '#dsage/worker/runner/types.js';

const [tasks = 100_000, slots = 2, batch = 256] = process.argv.slice(2).map(Number);

const program: SlotProgram = {
  job: 1,
  owner: 'bench',
  kind: 'function',
  evaluator: 'javascript',
  detached: false,
  limits: DEFAULT_LIMITS,
  program: inlinePayload(encodeValue({ type: 'function', name: 'noop', source: '((n) => n)' })),
  attachments: [],
};

const workDirectory = mkdtempSync(join(tmpdir(), 'dsage-bench-'));
let given = 0;
let ended = 0;
let finish: () => void = () => undefined;

function nextBatch(): SlotTask[] {
  const count = Math.min(batch, tasks - given);
  const list = Array.from({ length: count }, (_, at) => ({
    index: given + at,
    attempt: 1,
    payload: inlinePayload(encodeValue([given + at])),
  }));
  given += count;
  return list;
}

const all = Array.from({ length: slots }, (_, number) => {
  let left = 0;
  const feed = (): void => {
    if (left > batch / 2 || given >= tasks) return;
    const list = nextBatch();
    left += list.length;
    slot.run(program, list);
  };
  const slot: Slot = new Slot(
    {
      workDirectory,
      number,
      workerName: 'bench',
      host: 'bench',
      workerNumber: () => 1,
      environment: process.env,
    },
    {
      onEnded: () => {
        ended += 1;
        left -= 1;
        if (ended === tasks) finish();
        else feed();
      },
      onOutput: () => undefined,
      onFree: () => undefined,
      onLog: ({ message }) => console.log(message),
    },
  );
  return { slot, feed };
});

await Promise.all(all.map(({ slot }) => slot.start()));
/** Processor time of the children, seconds; where there is no /proc it is not known. */
function childSeconds(): number {
  const ticks = all.map(({ slot }) => {
    const fields = readFileSync(`/proc/${slot.pid ?? 0}/stat`, 'latin1')
      .split(') ')[1]!
      .split(' ');
    return Number(fields[11]) + Number(fields[12]);
  });
  return ticks.reduce((sum, one) => sum + one, 0) / 100;
}

const done = new Promise<void>((resolve) => (finish = resolve));
const cpu = process.cpuUsage();
const childBefore = childSeconds();
const start = performance.now();
for (const { feed } of all) feed();
await done;
const seconds = (performance.now() - start) / 1000;
const used = process.cpuUsage(cpu);
const childUsed = childSeconds() - childBefore;

await Promise.all(all.map(({ slot }) => slot.stop()));
rmSync(workDirectory, { recursive: true, force: true });

const perTaskUs = (used.user + used.system) / tasks;
console.log(`${tasks} tasks, ${slots} slots, batches of ${batch}: ${Math.round(tasks / seconds)} tasks/s`);
console.log(
  `parent: ${perTaskUs.toFixed(1)} µs of CPU a task; child: ${((childUsed * 1e6) / tasks).toFixed(1)} µs`,
);
