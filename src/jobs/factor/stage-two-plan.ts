import { primesUpTo, sieveBlock } from './primes.js';

/** Which differences stage 2 of ECM multiplies for two bounds: the same for every curve. */
export interface StageTwoPlan {
  /** Between two giants. */
  readonly step: number;
  /** The odd numbers below half a step that share no factor with it. */
  readonly babies: readonly number[];
  readonly firstGiant: number;
  /** For each giant from the first on, the places of the babies to compare it with. */
  readonly pairs: readonly Uint16Array[];
}

/** Products of small primes: the larger, the more numbers have two primes in one pair. Half of one is at most b1. */
const STEPS: readonly (readonly [b1: number, step: number])[] = [
  [1_155, 210],
  [30_000, 2_310],
  [Infinity, 30_030],
];

let latest: { readonly b1: number; readonly b2: number; readonly plan: StageTwoPlan } | undefined;

/** The plan for a b1 of 105 at least. The one that was asked for last is kept: the curves of one level come one after another. */
export function stageTwoPlan(b1: number, b2: number): StageTwoPlan {
  if (latest?.b1 !== b1 || latest.b2 !== b2) latest = { b1, b2, plan: makePlan(b1, b2) };
  return latest.plan;
}

function makePlan(b1: number, b2: number): StageTwoPlan {
  const step = STEPS.find(([bound]) => b1 < bound)?.[1] ?? 30_030;
  const half = step / 2;
  const babies = Array.from({ length: Math.ceil(half / 2) }, (_, place) => 2 * place + 1).filter((baby) =>
    coprime(baby, step),
  );
  const small = primesUpTo(Math.ceil(Math.sqrt(b2 + step)));
  const firstGiant = Math.floor((b1 + half) / step);
  const lastGiant = Math.ceil((b2 + half) / step);
  const pairs: Uint16Array[] = [];
  for (let giant = firstGiant; giant <= lastGiant; giant += 1) {
    const first = giant * step - half;
    const isPrime = sieveBlock(first, step + 1, small);
    const places: number[] = [];
    for (const [place, baby] of babies.entries()) {
      if (isPrime[half - baby] === 1 || isPrime[half + baby] === 1) places.push(place);
    }
    pairs.push(Uint16Array.from(places));
  }
  return { step, babies, firstGiant, pairs };
}

function coprime(a: number, b: number): boolean {
  let [x, y] = [a, b];
  while (y !== 0) [x, y] = [y, x % y];
  return x === 1;
}
