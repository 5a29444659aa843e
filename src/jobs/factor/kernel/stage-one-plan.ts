import { primesUpTo } from '../primes.js';
import type { CurveWasm } from './curve-wasm.js';
import { loadCurveWasm } from './curve-wasm.js';

/** By which primes stage 1 multiplies, and with which of the kernel's chains: the same for every number and curve. */
export interface StageOnePlan {
  readonly b1: number;
  /** All up to b1. */
  readonly primes: Uint32Array;
  readonly choices: Uint8Array;
  readonly count: number;
}

/** Primes whose chains are chosen between two pauses: some milliseconds. */
const BLOCK = 4_096;

let latest: StageOnePlan | undefined;

/** Makes a plan, with pauses. The one that was asked for last is kept: the curves of one level come one after another. */
export function* planStageOne(b1: number): Generator<void, StageOnePlan> {
  if (latest?.b1 !== b1) latest = yield* makePlan(b1, loadCurveWasm());
  return latest;
}

function* makePlan(b1: number, wasm: CurveWasm): Generator<void, StageOnePlan> {
  const primes = Uint32Array.from(primesUpTo(b1));
  const count = primes.length;
  const { memory } = wasm;
  memory.grow(Math.ceil((5 * count) / 0x10000) + 1);
  new Uint32Array(memory.buffer, 0, count).set(primes);
  const choices = 4 * count;
  for (let first = 0; first < count; first += BLOCK) {
    wasm.chooseChains(4 * first, choices + first, Math.min(BLOCK, count - first));
    yield;
  }
  return { b1, primes, choices: new Uint8Array(memory.buffer, choices, count).slice(), count };
}
