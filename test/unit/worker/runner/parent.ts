// A process with a slot whose task spins; it prints the pid of the child. Arguments: folder, parentDeath.

import type { ParentDeath } from '#dsage/worker/runner/types.js';
import { Slot } from '#dsage/worker/runner/slot.js';

import { codeProgram, task } from './harness.js';

const [workDirectory = '', parentDeath] = process.argv.slice(2);

const slot = new Slot(
  {
    workDirectory,
    number: 0,
    workerName: 'parent',
    host: 'here',
    workerNumber: () => 1,
    environment: process.env,
    parentDeath: parentDeath as ParentDeath,
  },
  {
    onEnded: () => process.exit(1),
    onOutput: (_lease, _stderr, bytes) => process.stdout.write(bytes),
    onFree: () => undefined,
  },
);
slot.run(codeProgram('console.log(process.pid); while (true);'), [task(0)]);
await slot.start();
