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

let latest: StageOnePlan | undefined;

/** The plan that was asked for last is kept: the curves of one level come one after another. */
export function stageOnePlan(b1: number): StageOnePlan {
  if (latest?.b1 !== b1) latest = makePlan(b1, loadCurveWasm());
  return latest;
}

function makePlan(b1: number, wasm: CurveWasm): StageOnePlan {
  const primes = Uint32Array.from(primesUpTo(b1));
  const count = primes.length;
  const { memory } = wasm;
  memory.grow(Math.ceil((5 * count) / 0x10000) + 1);
  new Uint32Array(memory.buffer, 0, count).set(primes);
  wasm.chooseChains(0, 4 * count, count);
  return { b1, primes, choices: new Uint8Array(memory.buffer, 4 * count, count).slice(), count };
}
