import { primesUpTo } from './primes.js';

/**
 * Which differences stage 2 multiplies for two bounds, the same for every curve. A giant is a multiple of the step, and
 * the difference of a giant and a baby covers the primes giant + baby and giant - baby: all primes above b1 and up to b2
 * are covered, two at once where they can be.
 */
export interface StageTwoPlan {
  /** Between two giants. */
  readonly step: number;
  /** The odd numbers up to some limit that share no factor with the step. */
  readonly babies: readonly number[];
  /** The first giant in steps, and how many follow one another from it on. */
  readonly firstGiant: number;
  readonly giants: number;
  /** For one giant after the other, the places of its babies. */
  readonly places: Uint16Array;
  /** For each giant, where its places end. */
  readonly ends: Uint32Array;
}

/**
 * The step, and up to how many half steps babies go: the farther, the more primes find a partner (half of their number is
 * the ideal, 0.85 what one half step gives), and the more babies there are. Each row takes least products for its b1
 * with the b2 of levels.ts, counting 6 for a point, 4 for its x, and 1 for a difference.
 */
const SHAPES: readonly (readonly [b1: number, step: number, halfSteps: number])[] = [
  [1_000, 210, 2],
  [6_000, 840, 2],
  [30_000, 1_050, 6],
  [150_000, 2_310, 8],
  [600_000, 2_310, 16],
  [Infinity, 4_620, 16],
];

/** Odd numbers that are looked at between two pauses. */
const BLOCK = 1 << 18;

let latest: { readonly b1: number; readonly b2: number; readonly plan: StageTwoPlan } | undefined;

/** The plan for a b1 of 105 at least. The one that was asked for last is kept: the curves of one level come one after another. */
export function stageTwoPlan(b1: number, b2: number): StageTwoPlan {
  const planning = planStageTwo(b1, b2);
  for (;;) {
    const next = planning.next();
    if (next.done === true) return next.value;
  }
}

/** The same, with pauses: for large bounds it takes a second. */
export function* planStageTwo(b1: number, b2: number): Generator<void, StageTwoPlan> {
  if (latest?.b1 !== b1 || latest.b2 !== b2) latest = { b1, b2, plan: yield* makePlan(b1, b2) };
  return latest.plan;
}

function makePlan(b1: number, b2: number): Generator<void, StageTwoPlan> {
  const [, step, halfSteps] = SHAPES.find(([bound]) => b1 < bound) ?? [Infinity, 4_620, 16];
  return shapedPlan({ b1, b2 }, step, halfSteps);
}

/** A plan with a step of one's choice, a multiple of 6, and babies up to so many half steps: two or more. */
export function* shapedPlan(
  { b1, b2 }: { readonly b1: number; readonly b2: number },
  step: number,
  halfSteps: number,
): Generator<void, StageTwoPlan> {
  const limit = Math.floor((halfSteps * step) / 2);
  const babies = Array.from({ length: Math.ceil(limit / 2) }, (_, place) => 2 * place + 1).filter((baby) =>
    coprime(baby, step),
  );
  const places = new Uint16Array(limit + 1);
  for (const [place, baby] of babies.entries()) places[baby] = place;
  const nearest = (prime: number) => Math.max(1, Math.round(prime / step));
  const lists = new GiantLists(nearest(b1 + 1));
  const start = b1 + 1 + (b1 % 2);
  const primes = new PrimeWindow({ first: start, farthest: 2 * limit, last: b2 });
  for (let first = start; first <= b2; first += 2 * BLOCK) {
    const isPrime = primes.moveTo(first);
    for (let place = 0; place < BLOCK; place += 1) {
      if (isPrime[place] !== 1) continue;
      const prime = first + 2 * place;
      if (prime > b2) break;
      lists.closeBelow(nearest(prime));
      let giant = Math.ceil(prime / step);
      const most = Math.floor((prime + limit) / step);
      // The partner is as far above the giant as the prime is below. Later ones may have been taken.
      while (giant <= most && isPrime[place + giant * step - prime] !== 1) giant += 1;
      if (giant <= most) isPrime[place + giant * step - prime] = 0;
      else giant = nearest(prime);
      lists.add(giant, places[Math.abs(giant * step - prime)] ?? 0);
    }
    yield;
  }
  return { step, babies, ...lists.close() };
}

/** Which odd numbers from some place on are prime, and not taken: 1. */
class PrimeWindow {
  readonly #isPrime: Uint8Array;
  readonly #small: readonly number[];
  #first: number;
  /** Up to here it has been sieved. */
  #end: number;

  constructor({ first, farthest, last }: { first: number; farthest: number; last: number }) {
    this.#isPrime = new Uint8Array(BLOCK + Math.ceil(farthest / 2) + 1);
    this.#small = primesUpTo(Math.ceil(Math.sqrt(last + 2 * BLOCK + farthest + 2))).slice(1);
    this.#first = first;
    this.#end = first;
  }

  /** Makes an odd number the first. */
  moveTo(first: number): Uint8Array {
    const isPrime = this.#isPrime;
    isPrime.copyWithin(0, (first - this.#first) / 2);
    this.#first = first;
    const kept = (this.#end - first) / 2;
    isPrime.fill(1, kept);
    this.#end = first + 2 * isPrime.length;
    for (const prime of this.#small) {
      if (prime * prime >= this.#end) break;
      const from = Math.max(prime, Math.ceil((first + 2 * kept) / prime));
      const start = from + ((from + 1) % 2);
      for (let place = (start * prime - first) / 2; place < isPrime.length; place += prime)
        isPrime[place] = 0;
    }
    return isPrime;
  }
}

/** The places of one giant after the other; those of several giants grow at a time. */
class GiantLists {
  readonly #firstGiant: number;
  readonly #open: number[][] = [];
  readonly #ends: number[] = [];
  #places = new Uint16Array(1 << 10);
  #length = 0;

  constructor(firstGiant: number) {
    this.#firstGiant = firstGiant;
  }

  add(giant: number, place: number): void {
    const index = giant - this.#firstGiant - this.#ends.length;
    while (this.#open.length <= index) this.#open.push([]);
    this.#open[index]?.push(place);
  }

  /** Nothing will be added to giants below this one. */
  closeBelow(giant: number): void {
    while (this.#firstGiant + this.#ends.length < giant) this.#closeOne();
  }

  #closeOne(): void {
    const list = this.#open.shift() ?? [];
    const length = this.#length + list.length;
    if (length > this.#places.length) {
      const larger = new Uint16Array(Math.ceil(1.5 * length));
      larger.set(this.#places);
      this.#places = larger;
    }
    this.#places.set(list, this.#length);
    this.#length = length;
    this.#ends.push(length);
  }

  close(): Pick<StageTwoPlan, 'firstGiant' | 'giants' | 'places' | 'ends'> {
    while (this.#open.length > 0) this.#closeOne();
    return {
      firstGiant: this.#firstGiant,
      giants: this.#ends.length,
      places: this.#places.subarray(0, this.#length),
      ends: Uint32Array.from(this.#ends),
    };
  }
}

function coprime(a: number, b: number): boolean {
  let [x, y] = [a, b];
  while (y !== 0) [x, y] = [y, x % y];
  return x === 1;
}
