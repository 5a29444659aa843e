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

/**
 * Found by coordinate descent over whole factorisations of up to four semiprimes a size: CPU seconds of the sieve on one
 * thread of a Xeon with AMX and 48 KiB of first-level cache, plus 1.5 ns * size^2 + 10 us * size for what follows. What
 * stands behind a row is that minimum, and what its neighbours cost. Up to 45 digits it is the split in a new process, the
 * median of 20; the rows from 281 bits on are of one number each and from samples (`bench/programs/factor-parameters.ts`).
 * More large primes than these would save 3 % there, and cost the coordinator a fifth more memory.
 */
const ROWS: readonly Row[] = [
  [100, 120, 1, 40, 30, 12], // 0.022 s: sizes 90 to 130 and other columns within noise, 150 0.024 s
  [116, 200, 1, 40, 45, 14], // 0.030 s: size 240 0.032 s, multiplier 60 0.031 s
  [132, 400, 1, 40, 60, 16], // 0.046 s: size 460 0.049 s
  [149, 600, 1, 50, 110, 18], // split of 45 digits in a new process 0.079 s: size 500 0.083 s, 700 0.080 s, 800 0.086 s
  [165, 1_500, 1, 80, 150, 20], // 0.117 s: size 1,261 0.132 s; multiplier 40 +2 %
  [182, 3_000, 1, 70, 150, 21], // 0.33 s
  [198, 6_000, 2, 100, 220, 26], // 0.88 s; sieve alone: size 3,500 1.21 s, 5,000 1.00 s, 8,000 0.88 s; 1 block +5 %
  [215, 11_000, 3, 100, 256, 26], // 3.4 s
  [231, 17_000, 4, 120, 256, 26], // 5.6 s: size 11,600 7.9 s, 20,000 6.1 s at slack 27; two large primes 6.0 to 7.2 s
  [248, 25_000, 7, 90, 256, 23], // 18.8 s: one large prime and size 35,000 20.8 s; exponent 1.8 20.4 s; size 34,000 +5 %
  [264, 42_000, 9, 110, 256, 23], // 67 s: size 60,000 +3 %; 7 blocks, exponent 1.7, multiplier 90 and 150 within 3 %
  [281, 58_000, 11, 110, 256, 23], // 125 s: size 48,000 and multiplier 150 within 1 %, 80,000 and 9 blocks +5 %, exponent 1.85 +8 %
  [298, 76_000, 13, 110, 256, 23], // 444 s: size 95,000 +3 %, 16 blocks +1 %; multiplier 160 or exponent 1.8 -3 %
  [314, 130_000, 18, 180, 256, 23], // 1,440 s: size 107,000, 15 blocks and multiplier 121 +8 %; exponent 1.8 -3 %
  [332, 180_000, 21, 200, 256, 23], // 4,510 s: size 140,000 +7 %, with 17 blocks and multiplier 139 +11 %; 230,000 and 24 -5 %
];

/** Two large primes pay from this many bits of n on: at 231 bits they cost 10 % more, at 248 they save 6 %. */
const DOUBLE_FROM_BITS = 244;

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
    doubleExponent: 1.75,
    smallBound: Math.round(between(4)),
    slackBits: between(5),
  };
}
