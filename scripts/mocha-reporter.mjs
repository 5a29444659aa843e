// Mocha's spec output, and its totals as JSON in the file that DSAGE_TEST_TOTALS names.
// Ends a run that something keeps alive after its last test, and says what.
// Mocha's own JSON reporter cannot be used: it throws on a failed assertion about a bigint.

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

import Mocha from 'mocha';

const lingerMs = 15_000;

/** What Node and mocha themselves keep open: the standard streams, and the channel to mocha's parent process. */
const ours = ['TTYWrap', 'PipeWrap'];

export default class extends Mocha.reporters.Spec {
  /**
   * @param {Mocha.Runner} runner
   * @param {Mocha.MochaOptions} options
   */
  constructor(runner, options) {
    super(runner, options);
    const path = process.env['DSAGE_TEST_TOTALS'];
    if (path === undefined) return;
    // The tests may start mocha themselves, and that one's totals are not ours.
    delete process.env['DSAGE_TEST_TOTALS'];
    runner.once('end', () => {
      const { passes, failures, pending } = this.stats;
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, JSON.stringify({ passes, failures, pending }));
      // Mocha sets the exit code by its own count of failures, so that one must be added here.
      endIfKeptAlive(() => writeFileSync(path, JSON.stringify({ passes, failures: failures + 1, pending })));
    });
  }
}

/** @param {() => void} onKeptAlive */
function endIfKeptAlive(onKeptAlive) {
  // The timer itself keeps nothing alive: it fires only if something else does.
  const timer = setTimeout(() => {
    const open = process.getActiveResourcesInfo().filter((name) => !ours.includes(name));
    console.error(
      `The tests are over, but these are still open: ${open.join(', ')}. What is started must be stopped.`,
    );
    onKeptAlive();
    process.exit(1);
  }, lingerMs);
  timer.unref();
}
