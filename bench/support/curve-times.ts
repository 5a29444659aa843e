import { execFileSync, spawnSync } from 'node:child_process';

import { nextPrime } from '#dsage/code/prelude/numbers.js';
import { CurveKernel } from '#dsage/jobs/factor/kernel/curve.js';
import { LANES } from '#dsage/jobs/factor/kernel/size.js';
import { stageTwoBound } from '#dsage/jobs/factor/levels.js';

const SIGMAS = Array.from({ length: LANES }, (_, place) => BigInt(17 + place));

/** Processor time of one curve of ECM in one thread, milliseconds: ours, and those of GMP-ECM on the same number. */
export interface CurveTimes {
  readonly first: number;
  readonly second: number;
  /** GMP-ECM's stages with Suyama's parametrisation, which is ours. */
  readonly suyama: number;
  readonly theirSecond: number;
  /** GMP-ECM's stage 1 with its own default. */
  readonly batch: number;
}

/** Plans are made before the clock starts. */
export function curveTimes(digits: number, b1: number): CurveTimes {
  const n = composite(digits);
  const kernel = new CurveKernel(n);
  const b2 = stageTwoBound(b1);
  // Plans, and code that the engine has made fast.
  kernelMs(kernel, b1, b2);
  const first = kernelMs(kernel, b1, 0);
  const second = kernelMs(kernel, b1, b2) - first;
  const [suyama, theirSecond] = gmpEcmMs(n, ['-param', '0', '-sigma', '17'], [b1, b2]);
  const [batch] = gmpEcmMs(n, ['-sigma', '1:17'], [b1, 1]);
  return { first, second, suyama, theirSecond, batch };
}

/** Debian's gmp-ecm is installed. */
export function hasGmpEcm(): boolean {
  return spawnSync('ecm', ['-printconfig']).error === undefined;
}

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
  return (user + system) / 1000 / rounds / LANES;
}

/** Milliseconds of both stages, on the average of some curves: it counts whole ones. */
function gmpEcmMs(n: bigint, options: readonly string[], bounds: readonly number[]): [number, number] {
  const curves = (bounds[0] ?? 0) < 100_000 ? 20 : 1;
  let output: string;
  try {
    output = execFileSync('ecm', ['-c', String(curves), ...options, ...bounds.map(String)], {
      input: n.toString(),
      encoding: 'utf8',
    });
  } catch (error) {
    // Its status says what it found.
    output = (error as { stdout?: string }).stdout ?? '';
  }
  const took = (stage: number) => {
    const all = [...output.matchAll(new RegExp(`Step ${stage} took (\\d+)ms`, 'g'))];
    return all.reduce((sum, [, ms]) => sum + Number(ms), 0) / all.length;
  };
  return [took(1), took(2)];
}
