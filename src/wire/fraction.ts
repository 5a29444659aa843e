import Fraction from 'fraction.js';

import { DsageError, messageOf } from '../model/errors.js';

// fraction.js 5 replaces its prototype and loses `.constructor`, by which other libraries, cbor-x among
// them, know a value's class.
if ((Fraction.prototype as { constructor: unknown }).constructor !== Fraction) {
  Object.defineProperty(Fraction.prototype, 'constructor', {
    value: Fraction,
    writable: true,
    configurable: true,
  });
}

// Without it the console and the Node shell would show sign, numerator and denominator as three fields.
Object.defineProperty(Fraction.prototype, Symbol.for('nodejs.util.inspect.custom'), {
  value(this: Fraction): string {
    return this.toFraction();
  },
  configurable: true,
});

export { Fraction };

/** What a numerator or denominator may be; a string is read as `10/3`, `3.25` or `0.(3)`. */
export type FractionPart = bigint | number | string | Fraction;

/**
 * An exact rational number, `fraction(10, 3)` or `fraction('10/3')`: numerator and denominator have any size.
 * Throws `invalid-argument` for what is no number and for a denominator of 0.
 */
export function fraction(numerator: FractionPart, denominator: FractionPart = 1n): Fraction {
  try {
    const top = new Fraction(numerator);
    return denominator === 1n ? top : top.div(new Fraction(denominator));
  } catch (error) {
    throw new DsageError(
      'invalid-argument',
      `fraction(${String(numerator)}, ${String(denominator)}) is no exact number: ${messageOf(error)}.`,
      { cause: error },
    );
  }
}
