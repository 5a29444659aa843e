import type { SieveBase } from '../sieve/base.js';
import { columnsOf } from './columns.js';
import type { Columns } from './columns.js';
import { instantiate } from '../kernel/instantiate.js';
import type { KernelMemory } from '../kernel/instantiate.js';

/** What kernel/assembly/matrix.ts exports; see there for the order of use. */
export interface MatrixKernel extends KernelMemory {
  begin(columns: number, entries: number): void;
  startsAddress(): number;
  entriesAddress(): number;
  prepare(rows: number, excess: number): void;
  /** 1: call again. */
  mergeStep(): number;
  build(): number;
  sparseEntries(): number;
  denseWordCount(): number;
  eliminateAll(): number;
  startLanczos(seed: bigint): void;
  expectedSteps(): number;
  /** 0: call again, 1: done, 2: failed. */
  lanczosSteps(steps: number): number;
  finishLanczos(): number;
  wordsAddress(): number;
}

/** What is being done, and which part of it is done (0 to 1). */
export interface DependencyProgress {
  readonly stage: 'merging' | 'solving';
  readonly fraction: number;
  /** Columns of the matrix after merging; 0 before. */
  readonly size: number;
}

export interface DependencyOptions {
  /** No more dependencies than this, of 64 at most; 12 when left out. */
  readonly most?: number;
  readonly onProgress?: (progress: DependencyProgress) => void;
  /** Asked about every 50 ms: an AbortSignal, for example. */
  readonly signal?: { readonly throwIfAborted: () => void };
}

/** Each gives a divisor with a chance of a half at least, and is as long as half of the relations are many. */
const MOST_DEPENDENCIES = 12;
/** Columns beyond the number of rows that are kept: block Lanczos wants some more than the 64 it can find. */
const EXCESS = 100;
/** Up to so many columns Gaussian elimination is faster than block Lanczos, and finds all there is. */
const GAUSS_WIDTH = 1_000;
/** When block Lanczos has failed again and again, elimination still takes less than a minute. */
const LAST_RESORT_WIDTH = 12_000;
const TRIES = 6;
/** About as many look-ups take 50 ms. */
const LOOKUPS_A_STEP = 3e7;
const LOOKUPS_A_COLUMN = 60;
const DONE = 1;

/**
 * Sets of relations whose product is a square, as ascending ordinal numbers of the packed relations. They are independent
 * and each is verified. There are none when the relations are too few: fewer than primes and signs in them.
 */
export function findDependencies(
  base: SieveBase,
  packed: Uint8Array,
  options: DependencyOptions = {},
): Uint32Array[] {
  const { most = MOST_DEPENDENCIES, onProgress, signal } = options;
  const steps = dependencySteps(base, packed, most);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    signal?.throwIfAborted();
    onProgress?.(step.value);
  }
}

/** The same in steps of about 50 ms, for those who must look around between. */
export function dependencySteps(
  base: SieveBase,
  packed: Uint8Array,
  most = MOST_DEPENDENCIES,
): Generator<DependencyProgress, Uint32Array[], void> {
  const kernel = newKernel();
  const { count, rows } = columnsOf(base, packed, (...size) => roomIn(kernel, ...size));
  return solveIn(kernel, rows, count, most);
}

/**
 * Sets of columns of a matrix modulo 2 whose sum is zero: structured Gaussian elimination first, then block Lanczos, or
 * elimination outright for what has become small.
 */
export function solve(
  { count, rows, starts, entries }: Columns,
  most = MOST_DEPENDENCIES,
): Generator<DependencyProgress, Uint32Array[], void> {
  const kernel = newKernel();
  const length = starts[count] ?? 0;
  const room = roomIn(kernel, count, length);
  room.starts.set(starts.subarray(0, count + 1));
  room.entries.set(entries.subarray(0, length));
  return solveIn(kernel, rows, count, most);
}

function newKernel(): MatrixKernel {
  return instantiate('matrix') as MatrixKernel;
}

/** Of the kernel's memory: good until the kernel does anything else. */
function roomIn(kernel: MatrixKernel, columns: number, entries: number): Pick<Columns, 'starts' | 'entries'> {
  kernel.begin(columns, entries);
  const { buffer } = kernel.memory;
  return {
    starts: new Uint32Array(buffer, kernel.startsAddress(), columns + 1),
    entries: new Uint32Array(buffer, kernel.entriesAddress(), entries),
  };
}

/** Solves what was written into the kernel's room. */
function* solveIn(
  kernel: MatrixKernel,
  rows: number,
  columns: number,
  most: number,
): Generator<DependencyProgress, Uint32Array[], void> {
  yield { stage: 'merging', fraction: 0, size: 0 };
  kernel.prepare(rows, EXCESS);
  while (kernel.mergeStep() !== 0) yield { stage: 'merging', fraction: 0, size: 0 };
  const size = kernel.build();
  yield { stage: 'solving', fraction: 0, size };
  const found = size <= GAUSS_WIDTH ? kernel.eliminateAll() : yield* lanczos(kernel, size);
  return listsOf(kernel, columns, Math.min(found, most));
}

/** Returns how many dependencies there are. Which random blocks fail depends on the matrix, so there are some to try. */
function* lanczos(kernel: MatrixKernel, size: number): Generator<DependencyProgress, number, void> {
  const lookups = 2 * kernel.sparseEntries() + (LOOKUPS_A_COLUMN + 16 * kernel.denseWordCount()) * size;
  const atOnce = Math.max(1, Math.floor(LOOKUPS_A_STEP / lookups));
  const expected = kernel.expectedSteps();
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    kernel.startLanczos(BigInt(attempt));
    let state = 0;
    for (let steps = 0; state === 0; steps += atOnce) {
      state = kernel.lanczosSteps(atOnce);
      yield { stage: 'solving', fraction: Math.min(1, steps / expected), size };
    }
    const found = state === DONE ? kernel.finishLanczos() : 0;
    if (found > 0) return found;
  }
  return size <= LAST_RESORT_WIDTH ? kernel.eliminateAll() : 0;
}

/** From one word a column, with a bit for each dependency, to a list for each. */
function listsOf(kernel: MatrixKernel, columns: number, count: number): Uint32Array[] {
  const words = new Uint32Array(kernel.memory.buffer, kernel.wordsAddress(), 2 * columns);
  return Array.from({ length: count }, (_, bit) => {
    const mask = 1 << (bit & 31);
    const first = bit >> 5;
    let length = 0;
    for (let place = first; place < words.length; place += 2)
      if (((words[place] ?? 0) & mask) !== 0) length += 1;
    const list = new Uint32Array(length);
    let filled = 0;
    for (let place = first; place < words.length; place += 2) {
      if (((words[place] ?? 0) & mask) !== 0) list[filled++] = place >> 1;
    }
    return list;
  });
}
