/**
 * Sieves semiprimes of equal halves on this thread, and says what it took:
 *
 *     npx tsx bench/programs/factor-sieve.ts DIGITS [SECONDS]
 *
 * Prints relations a second by kind, milliseconds an `a` and the shares of the stages. What the whole takes, and would with
 * other parameters: `factor-parameters.ts`.
 */
import { loadSieveKernel } from '#dsage/jobs/factor/kernel/sieve-wasm.js';
import { Siever } from '#dsage/jobs/factor/kernel/siever.js';
import { RelationBook } from '#dsage/jobs/factor/relations/book.js';
import type { RelationCounts } from '#dsage/jobs/factor/relations/book.js';
import { sieveBase } from '#dsage/jobs/factor/sieve/base.js';
import type { SieveBase } from '#dsage/jobs/factor/sieve/base.js';
import { Polynomials } from '#dsage/jobs/factor/sieve/polynomials.js';
import { sieveShape } from '#dsage/jobs/factor/sieve/shape.js';
import { semiprime } from '../support/semiprime.js';
import { TimedKernel } from '../support/timed-kernel.js';

const STAGES = ['prepare', 'switchSign', 'enterSide', 'sieveBlock', 'scanBlock', 'harvest'] as const;

main();

function main(): void {
  const [digits = '60', seconds = '5'] = process.argv.slice(2);
  const n = semiprime(Number(digits));
  const startedAt = performance.now();
  const base = sieveBase(n);
  const kernel = loadSieveKernel();
  const timed = new TimedKernel(kernel, STAGES);
  const siever = new Siever(base, timed.kernel);
  const setUpMs = performance.now() - startedAt;
  const book = new RelationBook(base);
  const polynomials = new Polynomials(base);
  let [as, polynomialCount, sieveMs, repeated] = [0, 0, 0, 0];
  while (performance.now() - startedAt < Number(seconds) * 1_000) {
    const a = polynomials.next();
    const from = performance.now();
    const packed = siever.sieve(a);
    sieveMs += performance.now() - from;
    as += 1;
    polynomialCount += Siever.polynomials(a);
    repeated += book.add(packed).duplicates;
  }
  report(base, {
    setUpMs,
    as,
    polynomialCount,
    sieveMs,
    repeated,
    counts: book.counts,
    times: timed.ms,
    memory: kernel.memory.buffer.byteLength,
  });
}

interface Figures {
  readonly setUpMs: number;
  readonly as: number;
  readonly polynomialCount: number;
  readonly sieveMs: number;
  readonly repeated: number;
  readonly counts: RelationCounts;
  readonly times: ReadonlyMap<string, number>;
  readonly memory: number;
}

function report(base: SieveBase, figures: Figures): void {
  const { setUpMs, as, polynomialCount, sieveMs, repeated, counts, times, memory } = figures;
  const { full, partial, doublePartial, cycles } = counts;
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
    `a second: ${perSecond(full)} full, ${perSecond(partial)} of one large prime, ${perSecond(doublePartial)} of two; ` +
      `${full} full + ${cycles} cycles, ${repeated} repeated`,
    ...[...times].map(
      ([stage, ms]) =>
        `  ${stage.padEnd(12)}${((100 * ms) / sieveMs).toFixed(1).padStart(6)} %` +
        `${((1_000 * ms) / polynomialCount).toFixed(1).padStart(9)} us a polynomial`,
    ),
  ];
  process.stdout.write(lines.join('\n') + '\n');
}
