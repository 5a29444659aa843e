/**
 * Sieves semiprimes of equal halves on this thread, and says what it took:
 *
 *     npx tsx bench/programs/factor-sieve.ts DIGITS [SECONDS]
 *
 * Prints relations a second by kind, milliseconds an `a` and the shares of the stages. What the whole takes, and would with
 * other parameters: `factor-parameters.ts`.
 */
import { loadSieveKernel } from '#dsage/jobs/factor/kernel/sieve-wasm.js';
import type { SieveKernel } from '#dsage/jobs/factor/kernel/sieve-wasm.js';
import { Siever } from '#dsage/jobs/factor/kernel/siever.js';
import { sieveBase } from '#dsage/jobs/factor/sieve/base.js';
import type { SieveBase } from '#dsage/jobs/factor/sieve/base.js';
import { Polynomials } from '#dsage/jobs/factor/sieve/polynomials.js';
import { sieveShape } from '#dsage/jobs/factor/sieve/shape.js';
import { Cycles } from '../support/cycles.js';
import { semiprime } from '../support/semiprime.js';

const STAGES = ['prepare', 'switchSign', 'enterSide', 'sieveBlock', 'scanBlock', 'harvest'] as const;

main();

function main(): void {
  const [digits = '60', seconds = '5'] = process.argv.slice(2);
  const n = semiprime(Number(digits));
  const startedAt = performance.now();
  const base = sieveBase(n);
  const kernel = loadSieveKernel();
  const times = new Map<string, number>();
  const siever = new Siever(base, timed(kernel, times));
  const setUpMs = performance.now() - startedAt;
  const cycles = new Cycles();
  const polynomials = new Polynomials(base);
  let [as, polynomialCount, sieveMs] = [0, 0, 0];
  while (performance.now() - startedAt < Number(seconds) * 1_000) {
    const a = polynomials.next();
    const from = performance.now();
    const packed = siever.sieve(a);
    sieveMs += performance.now() - from;
    as += 1;
    polynomialCount += Siever.polynomials(a);
    cycles.add(packed, base);
  }
  report(base, {
    setUpMs,
    as,
    polynomialCount,
    sieveMs,
    cycles,
    times,
    memory: kernel.memory.buffer.byteLength,
  });
}

interface Figures {
  readonly setUpMs: number;
  readonly as: number;
  readonly polynomialCount: number;
  readonly sieveMs: number;
  readonly cycles: Cycles;
  readonly times: ReadonlyMap<string, number>;
  readonly memory: number;
}

function report(base: SieveBase, figures: Figures): void {
  const { setUpMs, as, polynomialCount, sieveMs, cycles, times, memory } = figures;
  const { form } = sieveShape(base);
  const { blocks, largePrimes } = base.parameters;
  const bits = base.n.toString(2).length;
  const perSecond = (count: number) => ((count / sieveMs) * 1_000).toFixed(1);
  const lines = [
    `${base.n} (${bits} bits), k ${base.multiplier}, form ${form}`,
    `base ${base.primes.length} to ${base.primes.at(-1) ?? 0}, ${blocks} blocks a side, ` +
      `large primes ${largePrimes} to ${base.largePrimeBound}, memory ${(memory / 1e6).toFixed(1)} MB`,
    `set-up ${setUpMs.toFixed(0)} ms; ${as} a of ${(sieveMs / as).toFixed(2)} ms, ` +
      `${((sieveMs / polynomialCount) * 1_000).toFixed(1)} us a polynomial`,
    `a second: ${cycles.kinds.map(perSecond).join(' full, ')} of two large primes; ` +
      `${cycles.full} full + ${cycles.count} cycles, ${cycles.repeated} repeated`,
    ...[...times].map(
      ([stage, ms]) =>
        `  ${stage.padEnd(12)}${((100 * ms) / sieveMs).toFixed(1).padStart(6)} %` +
        `${((1_000 * ms) / polynomialCount).toFixed(1).padStart(9)} us a polynomial`,
    ),
  ];
  process.stdout.write(lines.join('\n') + '\n');
}

/** The same kernel, with the time that its stages take added up. */
function timed(kernel: SieveKernel, times: Map<string, number>): SieveKernel {
  const stages = STAGES.map((stage) => {
    const watched = (...args: number[]) => {
      const from = performance.now();
      const result = (kernel[stage] as (this: void, ...args: number[]) => number)(...args);
      times.set(stage, (times.get(stage) ?? 0) + performance.now() - from);
      return result;
    };
    return [stage, watched];
  });
  return { ...kernel, ...Object.fromEntries(stages) } as SieveKernel;
}
