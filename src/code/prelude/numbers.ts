import { checkPrimeSync } from 'node:crypto';

import { DsageError } from '../../model/errors.js';
import { gcd as gcdOfTwo, powerModulo } from './arithmetic.js';

/** A whole number in either of JavaScript's forms; results have the form of what was given. */
export type Integer = number | bigint;

/** Trial division decides up to here, in about a hundred divisions. */
const TRIAL_LIMIT = 1n << 20n;
/** Miller and Rabin's test with these bases has no exception below the bound (Sorenson and Webster, 2015). */
const BASES = [2n, 3n, 5n, 7n, 11n, 13n, 17n, 19n, 23n, 29n, 31n, 37n, 41n] as const;
const BASES_BOUND = 3_317_044_064_679_887_385_961_981n;
/** Beyond, a composite number passes with a probability below 2^-128. */
const CHECKS = 64;

/** The greatest common divisor, not negative, of any number of integers. */
export function gcd<T extends Integer>(...numbers: readonly T[]): T {
  const [first] = numbers;
  if (first === undefined) throw new DsageError('invalid-argument', 'gcd() needs at least one number.');
  const result = numbers.reduce((divisor, number) => gcdOfTwo(divisor, toBigInt(number, 'gcd')), 0n);
  return sameForm(result, first);
}

/** Whether a number is prime: certain below 3.3e24, and beyond with less than one error in 2^128. */
export function isPrime(number: Integer): boolean {
  return isPrimeBigInt(toBigInt(number, 'isPrime'));
}

/** The smallest prime above a number. */
export function nextPrime<T extends Integer>(number: T): T {
  let candidate = toBigInt(number, 'nextPrime') + 1n;
  if (candidate <= 2n) return sameForm(2n, number);
  if (candidate % 2n === 0n) candidate += 1n;
  while (!isPrimeBigInt(candidate)) candidate += 2n;
  return sameForm(candidate, number);
}

export function isPrimeBigInt(number: bigint): boolean {
  if (number < 2n) return false;
  if (number < TRIAL_LIMIT) return hasNoDivisor(Number(number));
  if (number % 2n === 0n || number % 3n === 0n || number % 5n === 0n || number % 7n === 0n) return false;
  if (number < BASES_BOUND) return BASES.every((base) => passesTest(number, base));
  return checkPrimeSync(number, { checks: CHECKS });
}

export function toBigInt(number: Integer, of: string): bigint {
  if (typeof number === 'bigint') return number;
  if (Number.isSafeInteger(number)) return BigInt(number);
  throw new DsageError('invalid-argument', `${of}(${String(number)}): a whole number is asked for.`, {
    hint: 'Write numbers beyond 2^53 as BigInt: 9007199254740993n.',
  });
}

export function sameForm<T extends Integer>(value: bigint, like: T): T {
  if (typeof like === 'bigint') return value as T;
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new DsageError('invalid-argument', `The result ${value} does not fit a number.`, {
      hint: 'Give a BigInt, with an n behind it.',
    });
  }
  return Number(value) as T;
}

function hasNoDivisor(number: number): boolean {
  if (number < 4) return number >= 2;
  if (number % 2 === 0 || number % 3 === 0) return false;
  for (let divisor = 5; divisor * divisor <= number; divisor += 6) {
    if (number % divisor === 0 || number % (divisor + 2) === 0) return false;
  }
  return true;
}

/** One round of Miller and Rabin's test of an odd number. */
function passesTest(number: bigint, base: bigint): boolean {
  let odd = number - 1n;
  let twos = 0;
  for (; (odd & 1n) === 0n; odd >>= 1n) twos += 1;
  let power = powerModulo(base, odd, number);
  if (power === 1n || power === number - 1n) return true;
  for (let round = 1; round < twos; round += 1) {
    power = (power * power) % number;
    if (power === number - 1n) return true;
  }
  return false;
}
