import { readFileSync } from 'node:fs';
import os from 'node:os';
import { performance } from 'node:perf_hooks';

import type { WorkerInfo } from '../model/worker.js';
import { packageVersion } from '../wire/hello.js';

export interface HostFacts {
  readonly name: string;
  readonly slots: number;
  readonly labels: readonly string[];
  readonly resources: Readonly<Record<string, number>>;
  readonly coordinators: number;
}

/** What this worker says of itself when it registers. */
export function workerInfo(facts: HostFacts): WorkerInfo {
  const cpus = os.cpus();
  return {
    ...facts,
    host: os.hostname(),
    pid: process.pid,
    evaluators: ['javascript'],
    cpuModel: cpus[0]?.model.trim() ?? 'unknown',
    cpuCount: cpus.length,
    memoryMb: Math.round(memoryBytes() / 1024 ** 2),
    nodeVersion: process.version,
    packageVersion: packageVersion(),
    platform: `${process.platform}-${process.arch}`,
    speedMmps: measureSpeed(),
  };
}

/** How many tasks at once: what Slurm gave this job where it did, else what the system allows. */
export function defaultSlots(environment: Readonly<Record<string, string | undefined>>): number {
  // Inside a Slurm job of one CPU availableParallelism() still counts the node's (measured on Slurm 22.05).
  const slurm = Number(environment['SLURM_CPUS_ON_NODE']);
  return Number.isInteger(slurm) && slurm > 0 ? slurm : os.availableParallelism();
}

export interface HostLoad {
  readonly load1: number;
  readonly freeMemoryMb: number;
}

const LOAD_MS = 1000;
let lastLoad: { readonly load: HostLoad; readonly atMs: number } | undefined;

/** How busy the host is; it is looked up at most once a second. */
export function hostLoad(): HostLoad {
  const atMs = performance.now();
  if (!lastLoad || atMs - lastLoad.atMs > LOAD_MS) lastLoad = { load: readLoad(), atMs };
  return lastLoad.load;
}

function readLoad(): HostLoad {
  return { load1: os.loadavg()[0] ?? 0, freeMemoryMb: Math.round(freeMemoryBytes() / 1024 ** 2) };
}

/** The system's memory, or what the control group of this process may use of it. */
function memoryBytes(): number {
  const limit = process.constrainedMemory();
  return limit > 0 && limit < os.totalmem() ? limit : os.totalmem();
}

/** On Linux os.freemem() counts caches as used; MemAvailable is what a new task could have. */
function freeMemoryBytes(): number {
  if (process.platform !== 'linux') return os.freemem();
  try {
    const kilobytes = /^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'latin1'))?.[1];
    return kilobytes === undefined ? os.freemem() : Number(kilobytes) * 1024;
  } catch {
    return os.freemem();
  }
}

const SPEED_SAMPLE_MS = 50;
/** The largest prime below 2^64. */
const MODULUS = 18446744073709551557n;

/**
 * Millions of 64-bit modular multiplications a second, on one core, with BigInt: the arithmetic that a task
 * written in JavaScript has. It takes 50 ms and is rounded to hundredths.
 */
export function measureSpeed(): number {
  let value = 0x9e3779b97f4a7c15n;
  const start = performance.now();
  let elapsedMs = 0;
  let multiplications = 0;
  while (elapsedMs < SPEED_SAMPLE_MS) {
    for (let i = 0; i < 2000; i += 1) value = (value * value + 1n) % MODULUS;
    multiplications += 2000;
    elapsedMs = performance.now() - start;
  }
  // The value decides nothing, but reading it keeps the loop from being optimised away.
  if (value < 0n) return 0;
  return Math.round((multiplications / elapsedMs / 1000) * 100) / 100;
}
