import { look, productsInSlice, spend, vanishing } from './group.js';
import type { Found, Group } from './group.js';
import type { StageOnePlan } from './stage-one-plan.js';

/** What a chain takes for each bit of a prime. */
const PRODUCTS_A_BIT = 9;

/** Multiplies the group's point by all prime powers of the plan, and looks for divisors after each slice. */
export function* stageOne(group: Group, plan: StageOnePlan): Generator<void, Found | undefined> {
  const { lanes, room } = group;
  const { wasm } = lanes;
  const { b1, count } = plan;
  const primes = lanes.allocate(4 * count);
  const choices = lanes.allocate(count);
  new Uint32Array(wasm.memory.buffer, primes, count).set(plan.primes);
  new Uint8Array(wasm.memory.buffer, choices, count).set(plan.choices);
  const most = Math.max(1, Math.floor(productsInSlice(lanes) / (PRODUCTS_A_BIT * Math.log2(b1))));
  const run = (first: number, length: number, bound: number) => {
    wasm.multiplyByPrimes(room, primes + 4 * first, choices + first, length, bound);
  };
  for (let first = 0; first < count; first += most) {
    const length = Math.min(most, count - first);
    const before = new Uint8Array(wasm.memory.buffer, room, 2 * lanes.size).slice();
    run(first, length, b1);
    const found = look(group, vanishing(group));
    if (found === 'everything') {
      // All factors of some lane at once: with a look after every prime they may come apart.
      new Uint8Array(wasm.memory.buffer, room, 2 * lanes.size).set(before);
      const apart = yield* oneByOne(group, plan, { first, length, run });
      if (apart !== undefined) return apart;
    } else if (found !== undefined) {
      return found;
    }
    yield;
  }
  return undefined;
}

interface Slice {
  readonly first: number;
  readonly length: number;
  readonly run: (first: number, length: number, bound: number) => void;
}

function* oneByOne(group: Group, plan: StageOnePlan, slice: Slice): Generator<void, Found | undefined> {
  const { first, length, run } = slice;
  for (let place = first; place < first + length; place += 1) {
    const prime = plan.primes[place] ?? plan.b1;
    for (let power = prime; power <= plan.b1; power *= prime) {
      run(place, 1, prime);
      const found = look(group, vanishing(group));
      if (found === 'everything') spend(group, vanishing(group));
      else if (found !== undefined) return found;
    }
    if (place % 100 === 0) yield;
  }
  return undefined;
}
