/** How a number of a certain size is sieved. */
export interface SieveParameters {
  /** Primes of the factor base. */
  readonly baseSize: number;
  /** Blocks of 32 KiB on either side of 0. */
  readonly blocks: number;
  /** Large primes go up to this many times the largest prime of the base. */
  readonly largePrimeMultiplier: number;
  readonly largePrimes: 1 | 2;
  /** With two large primes: their product is at most the largest large prime to this power. */
  readonly doubleExponent: number;
  /** Primes below this are not sieved, only tried on candidates. */
  readonly smallBound: number;
  /** Bits that the primes that are not sieved are taken to hold in a candidate. */
  readonly slackBits: number;
}

type Row = readonly [
  bits: number,
  baseSize: number,
  blocks: number,
  largePrimeMultiplier: number,
  smallBound: number,
  slackBits: number,
];

const ROWS: readonly Row[] = [
  [100, 130, 1, 40, 30, 12],
  [116, 220, 1, 40, 40, 14],
  [132, 400, 1, 40, 60, 16],
  [149, 800, 1, 50, 100, 18],
  [165, 1_300, 1, 60, 128, 20],
  [181, 2_250, 1, 70, 256, 21],
  [198, 3_500, 2, 70, 256, 22],
  [215, 6_400, 3, 80, 256, 23],
  [232, 12_000, 5, 80, 256, 24],
  [248, 26_000, 8, 90, 256, 24],
  [265, 47_000, 10, 90, 256, 24],
  [281, 60_000, 12, 100, 256, 24],
  [298, 72_000, 12, 120, 256, 24],
  [310, 86_000, 14, 120, 256, 24],
  [332, 120_000, 16, 140, 256, 24],
];

/** Two large primes pay from this many bits of n on. */
const DOUBLE_FROM_BITS = 236;

/** The parameters of a number of `bits` bits, linear between the rows (logarithmic in the size of the base). */
export function sieveParameters(bits: number): SieveParameters {
  const above = ROWS.findIndex(([rowBits]) => rowBits >= bits);
  const [low, high] = [ROWS[Math.max(0, above - 1)], ROWS[above < 0 ? ROWS.length - 1 : above]];
  if (low === undefined || high === undefined) throw new RangeError('the table of the sieve is empty');
  const part = high[0] === low[0] ? 0 : Math.min(1, Math.max(0, (bits - low[0]) / (high[0] - low[0])));
  const between = (place: 1 | 2 | 3 | 4 | 5) => low[place] + part * (high[place] - low[place]);
  return {
    baseSize: Math.round(Math.exp(Math.log(low[1]) + part * (Math.log(high[1]) - Math.log(low[1])))),
    blocks: Math.round(between(2)),
    largePrimeMultiplier: Math.round(between(3)),
    largePrimes: bits < DOUBLE_FROM_BITS ? 1 : 2,
    doubleExponent: 1.8,
    smallBound: Math.round(between(4)),
    slackBits: between(5),
  };
}
