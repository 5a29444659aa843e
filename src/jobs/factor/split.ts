import { gcd } from '../../code/prelude/arithmetic.js';

/** A base with an exponent. */
export type Power = readonly [base: bigint, exponent: number];

/** Powers of numbers that share no factor, with the same product: what a divisor shows of how a number splits. */
export function coprimeBases(powers: readonly Power[]): Power[] {
  const bases: Power[] = [];
  const left = powers.filter(([base]) => base > 1n);
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const [base, exponent] = next;
    const place = bases.findIndex(([other]) => gcd(base, other) > 1n);
    const met = bases[place];
    if (met === undefined) {
      bases.push(next);
      continue;
    }
    bases.splice(place, 1);
    const [other, otherExponent] = met;
    const common = gcd(base, other);
    const parts: Power[] = [
      [base / common, exponent],
      [common, exponent + otherExponent],
      [other / common, otherExponent],
    ];
    left.push(...parts.filter(([part]) => part > 1n));
  }
  return bases;
}

export function byBase(powers: readonly Power[]): [bigint, number][] {
  return powers
    .map(([base, exponent]): [bigint, number] => [base, exponent])
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}
