import type { Row, Unit } from '../support/results.js';
import type { RunningSystem, System } from '../systems/system.js';
import type { BenchOptions } from './bench.js';

/** What is measured of each system: returns the values that one start of it gives, by the name of their row. */
export type Measure = (system: RunningSystem, of: System) => Promise<Readonly<Record<string, number>>>;

/**
 * Starts the systems in turn, one at a time, and measures each; then all of them again, so that what else the
 * machine does meets all alike. A row for each figure of each system, in order; a system that is not installed
 * has one row that says so.
 */
export async function inRounds(
  systems: readonly System[],
  { runs, progress }: BenchOptions,
  { unit, measure }: { readonly unit: Unit; readonly measure: Measure },
): Promise<Row[][]> {
  const found = systems.map(() => new Map<string, number[]>());
  const missing = systems.map((system) => system.missing());
  for (let round = 1; round <= runs; round++) {
    for (const [place, system] of systems.entries()) {
      if (missing[place] !== undefined) continue;
      progress(`${system.name} (run ${round} of ${runs})`);
      const figures = await measureOnce(system, measure);
      for (const [what, value] of Object.entries(figures)) {
        const values = found[place]?.get(what) ?? [];
        found[place]?.set(what, [...values, value]);
      }
    }
  }
  return systems.map(({ name }, place) => {
    const reason = missing[place];
    if (reason !== undefined) return [{ what: name, unit, values: [], missing: reason }];
    return [...(found[place] ?? [])].map(([what, values]) => ({ what, unit, values }));
  });
}

async function measureOnce(system: System, measure: Measure): Promise<Readonly<Record<string, number>>> {
  const running = await system.start();
  try {
    return await measure(running, system);
  } finally {
    await running.stop();
  }
}
