/**
 * The sieve's two longest loops as AssemblyScript and as C, one after the other on the same numbers and in the same memory:
 *
 *     npx tsx bench/programs/factor-clang.ts [DIGITS …] [--seconds N]
 *
 * Needs `clang` and `wasm-ld` (Debian's clang and lld). It also checks that both find the same relations.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import type { SieveKernel } from '#dsage/jobs/factor/kernel/sieve-wasm.js';
import { Siever } from '#dsage/jobs/factor/kernel/siever.js';
import { sieveBase } from '#dsage/jobs/factor/sieve/base.js';
import type { SieveBase } from '#dsage/jobs/factor/sieve/base.js';
import { Polynomials } from '#dsage/jobs/factor/sieve/polynomials.js';
import { assemblyOptions } from '../../scripts/build.mjs';
import { root } from '../support/paths.js';
import { semiprime } from '../support/semiprime.js';
import { TimedKernel } from '../support/timed-kernel.js';

const CLANG = [
  '--target=wasm32',
  '-O3',
  '-msimd128',
  '-mbulk-memory',
  '-ffreestanding',
  '-fno-strict-aliasing',
];
/** Where C keeps its own: behind all that the kernel takes. */
const C_BASE = 64 * 2 ** 20;
const LINK = ['-nostdlib', '-Wl,--no-entry', '-Wl,--import-memory', '-Wl,-z,stack-size=4096'];
const LOOPS = ['switchSign', 'sieveBlock'] as const;
type Loop = (typeof LOOPS)[number];
type Timed = TimedKernel<Loop>;

const SIZES = [
  'primeCount',
  'firstSieved',
  'firstBucket',
  'paddedCount',
  'blocksASide',
  'sliceCount',
  'bucketBytes',
];
const PLACES = [
  'primes',
  'roots',
  'slices',
  'sliceMarks',
  'mediumPrimes',
  'mediumFirst',
  'mediumSecond',
  'logs',
  'sieve',
  'buckets',
];
const OTHERS = ['deltas', 'factorCount', 'limbs', 'bucketEnds', 'mirroredEnds'];

/** The kernel with what it knows within reach, and the sign's change of the numbers without that of the roots. */
const PROBE = `export * from '../../src/jobs/factor/kernel/assembly/sieve';
export { ${[...SIZES, ...PLACES, ...OTHERS].join(', ')} } from '../../src/jobs/factor/kernel/assembly/sieve/state';
export { blockStart } from '../../src/jobs/factor/kernel/assembly/sieve/block';
import { multiplyAdd } from '../../src/jobs/factor/kernel/assembly/sieve/long';
import { limbs, offset, offsetParts } from '../../src/jobs/factor/kernel/assembly/sieve/state';
export function moveOffset(index: i32, up: bool): void {
  const part = offsetParts + <usize>index * ((<usize>limbs + 1) << 2);
  for (let i = 0; i < 2; i++) multiplyAdd(offset, offset, 1, part, up);
}`;

interface Global {
  value: number;
}
type Probe = SieveKernel &
  Readonly<Record<string, Global>> & { moveOffset(index: number, up: boolean): void };
interface Loops {
  sizes(...values: number[]): void;
  places(...values: number[]): void;
  moveRoots(up: boolean, delta: number): void;
  sieveBlock(bucket: number, start: number): void;
}
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports?: object) => { readonly exports: unknown };
};

main();

function main(): void {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { seconds: { type: 'string', default: '10' } },
  });
  const folder = join(root, '.cache', 'factor-clang');
  mkdirSync(folder, { recursive: true });
  const kernel = new WebAssembly.Module(assemble(folder));
  for (const digits of positionals.length > 0 ? positionals.map(Number) : [60, 70, 80, 90]) {
    const base = sieveBase(semiprime(digits));
    const [plain, probe] = [new WebAssembly.Instance(kernel), new WebAssembly.Instance(kernel)] as const;
    const loops = compile(folder, probe.exports as Probe);
    const ours = new TimedKernel(plain.exports as Probe, LOOPS);
    const theirs = new TimedKernel(withLoops(probe.exports as Probe, loops), LOOPS);
    measure(base, ours, theirs, Number(values.seconds) * 1_000);
  }
}

function assemble(folder: string): Uint8Array {
  writeFileSync(join(folder, 'probe.ts'), PROBE);
  const target = join(folder, 'probe.wasm');
  execFileSync(
    join(root, 'node_modules/.bin/asc'),
    ['.cache/factor-clang/probe.ts', ...assemblyOptions, '--outFile', target],
    {
      cwd: root,
    },
  );
  return readFileSync(target);
}

function compile(folder: string, probe: Probe): Loops {
  const target = join(folder, 'sieve.wasm');
  const ends = [
    `-DBUCKET_ENDS=${value(probe, 'bucketEnds')}`,
    `-DMIRRORED_ENDS=${value(probe, 'mirroredEnds')}`,
  ];
  const source = join(root, 'bench/programs/clang/sieve.c');
  execFileSync('clang', [...CLANG, ...ends, ...LINK, `-Wl,--global-base=${C_BASE}`, '-o', target, source]);
  const memory = probe.memory as unknown as { buffer: ArrayBuffer; grow(pages: number): void };
  memory.grow((C_BASE - memory.buffer.byteLength) / 65_536 + 2);
  return new WebAssembly.Instance(new WebAssembly.Module(readFileSync(target)), { env: { memory } })
    .exports as Loops;
}

function value(probe: Probe, name: string): number {
  return probe[name]?.value ?? NaN;
}

/** The kernel with its two loops in C. */
function withLoops(probe: Probe, loops: Loops): SieveKernel {
  return {
    ...probe,
    setUp: () => {
      probe.setUp();
      loops.sizes(...SIZES.map((name) => value(probe, name)));
      loops.places(...PLACES.map((name) => value(probe, name)));
    },
    switchSign: (part, up) => {
      const isFirst = part >= value(probe, 'factorCount');
      if (!isFirst) probe.moveOffset(part, up);
      loops.moveRoots(up, value(probe, 'deltas') + part * 4 * value(probe, 'paddedCount'));
    },
    sieveBlock: (side, block, start) => {
      const { blockStart } = probe;
      if (blockStart !== undefined) blockStart.value = start;
      loops.sieveBlock(side * value(probe, 'blocksASide') + block, start);
    },
  };
}

function measure(base: SieveBase, ours: Timed, theirs: Timed, limitMs: number): void {
  const sievers = [new Siever(base, ours.kernel), new Siever(base, theirs.kernel)] as const;
  const polynomials = new Polynomials(base);
  const warm = polynomials.next();
  for (const siever of sievers) siever.sieve(warm);
  for (const { ms } of [ours, theirs]) ms.clear();
  const startedAt = performance.now();
  while (performance.now() - startedAt < limitMs) {
    const a = polynomials.next();
    const [one, other] = sievers.map((siever) => siever.sieve(a));
    if (!Buffer.from(one ?? []).equals(other ?? new Uint8Array(1)))
      throw new Error('the two find different relations');
  }
  const line = (name: Loop) => {
    const [inOurs, inC] = [ours, theirs].map(({ ms }) => (ms.get(name) ?? 0) / 1_000) as [number, number];
    return `${name} ${inOurs.toFixed(2)} s, in C ${inC.toFixed(2)} s: ${(inOurs / inC).toFixed(3)}x`;
  };
  process.stdout.write(`${String(base.n).length} digits: ${LOOPS.map(line).join('; ')}\n`);
}
