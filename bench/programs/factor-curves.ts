// How long a curve of ECM takes in the kernel, beside GMP-ECM (Debian's gmp-ecm) on the same numbers with the same
// bounds: processor time of one thread, in milliseconds a curve. GMP-ECM's stage 1 is given for Suyama's parametrisation,
// which is ours, and for its own default. Plans are made before the clock starts.
//
//     npx tsx bench/programs/factor-curves.ts [--quick]

import { execFileSync } from 'node:child_process';

import { nextPrime } from '#dsage/code/prelude/numbers.js';
import { CURVES_AT_ONCE, CurveKernel } from '#dsage/jobs/factor/kernel/curve.js';
import { stageTwoBound } from '#dsage/jobs/factor/levels.js';

const DIGITS = [60, 80, 100, 150];
const BOUNDS = process.argv.includes('--quick') ? [11_000, 50_000] : [11_000, 50_000, 250_000, 1_000_000];
const SIGMAS = Array.from({ length: CURVES_AT_ONCE }, (_, place) => BigInt(17 + place));

/** Without factors that a curve might find. */
function composite(digits: number): bigint {
  return nextPrime(3n * 10n ** BigInt(digits / 2 - 1)) * nextPrime(4n * 10n ** BigInt(digits / 2 - 1));
}

/** Milliseconds for one of the curves that run at once. */
function kernelMs(kernel: CurveKernel, b1: number, b2: number): number {
  const rounds = b1 < 20_000 ? 4 : 1;
  const before = process.cpuUsage();
  for (let round = 0; round < rounds; round += 1) {
    kernel.begin(SIGMAS, { b1, b2 });
    while (kernel.step());
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / rounds / CURVES_AT_ONCE;
}

/** Milliseconds of both stages. */
function gmpEcmMs(n: bigint, options: readonly string[], bounds: readonly number[]): [number, number] {
  let output: string;
  try {
    output = execFileSync('ecm', [...options, ...bounds.map(String)], {
      input: n.toString(),
      encoding: 'utf8',
    });
  } catch (error) {
    // Its status says what it found.
    output = (error as { stdout?: string }).stdout ?? '';
  }
  const took = (stage: number) =>
    Number(new RegExp(`Step ${stage} took (\\d+)ms`).exec(output)?.[1] ?? Number.NaN);
  return [took(1), took(2)];
}

const shown = (ms: number) => ms.toFixed(ms < 10 ? 1 : 0).padStart(7);
const ratio = (ours: number, theirs: number) => `${(ours / theirs).toFixed(2)}x`.padStart(7);

console.log('                 |           stage 1, ms a curve           |       stage 2, ms a curve');
console.log('digits        B1 |    ours    ecm           ecm -param 1   |    ours    ecm');
for (const digits of DIGITS) {
  const n = composite(digits);
  const kernel = new CurveKernel(n);
  for (const b1 of BOUNDS) {
    const b2 = stageTwoBound(b1);
    // Plans, and code that the engine has made fast.
    kernelMs(kernel, b1, b2);
    const first = kernelMs(kernel, b1, 0);
    const second = kernelMs(kernel, b1, b2) - first;
    const [suyama, theirSecond] = gmpEcmMs(n, ['-param', '0', '-sigma', '17'], [b1, b2]);
    const [batch] = gmpEcmMs(n, ['-sigma', '1:17'], [b1, 1]);
    console.log(
      `${String(digits).padStart(6)} ${b1.toLocaleString('en').padStart(9)} | ${shown(first)} ${shown(suyama)} ` +
        `${ratio(first, suyama)} ${shown(batch)} ${ratio(first, batch)} | ${shown(second)} ${shown(theirSecond)} ` +
        ratio(second, theirSecond),
    );
  }
}
