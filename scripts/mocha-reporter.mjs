// Mocha's spec output, and its totals as JSON in the file that DSAGE_TEST_TOTALS names.
// Ends a run that something keeps alive after its last test, and says what.
// Mocha's own JSON reporter cannot be used: it throws on a failed assertion about a bigint.

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

import Mocha from 'mocha';

const lingerMs = 15_000;

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
      mkdirSync(dirname(path), { recursive: true });
      const { passes, failures, pending, duration } = this.stats;
      writeFileSync(path, JSON.stringify({ passes, failures, pending, durationMs: duration }));
      endIfKeptAlive();
    });
  }
}

function endIfKeptAlive() {
  // The timer itself keeps nothing alive: it fires only if something else does.
  const timer = setTimeout(() => {
    const open = process.getActiveResourcesInfo().filter((name) => name !== 'Timeout' && name !== 'TTYWrap');
    console.error(
      `The tests are over, but these are still open: ${open.join(', ')}. What is started must be stopped.`,
    );
    process.exit(1);
  }, lingerMs);
  timer.unref();
}
