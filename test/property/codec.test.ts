import { isDeepStrictEqual } from 'node:util';

import { DsageError } from '#dsage/model/errors.js';
import { decodeValue, encodeValue } from '#dsage/wire/codec.js';
import fc from 'fast-check';

/** Any value that travels and comes back equal. */
const { value: valueArbitrary } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.integer(),
    fc.double(),
    fc.string({ unit: 'grapheme' }),
    fc.boolean(),
    fc.constantFrom(null, undefined, -0),
    fc.bigInt(),
    fc.bigInt({ min: -(2n ** 1100n), max: 2n ** 1100n }),
    fc.date({ noInvalidDate: true, min: new Date('-009999-01-01'), max: new Date('9999-12-31') }),
    fc.uint8Array(),
    fc.float64Array(),
    fc.array(tie('value')),
    fc.dictionary(
      fc.string({ unit: 'grapheme' }).filter((key) => key !== '__proto__'),
      tie('value'),
      { noNullPrototype: true },
    ),
    fc.array(fc.tuple(tie('value'), tie('value'))).map((entries) => new Map(entries)),
    fc.array(tie('value')).map((items) => new Set(items)),
  ),
}));

describe('codec: for all values', () => {
  it('what is written is read back equal', () => {
    fc.assert(
      fc.property(valueArbitrary, (value) => isDeepStrictEqual(decodeValue(encodeValue(value)), value)),
      { numRuns: 2000 },
    );
  });

  it('damaged bytes give a value or a DsageError, and leave the decoder well', () => {
    fc.assert(
      fc.property(
        valueArbitrary,
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        fc.nat(),
        (value, changes, cutAt) => {
          const bytes = Buffer.from(encodeValue(value));
          for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
          const damaged = cutAt % 3 === 0 ? bytes.subarray(0, cutAt % (bytes.length + 1)) : bytes;
          try {
            decodeValue(damaged);
          } catch (error) {
            if (!(error instanceof DsageError) || error.code !== 'invalid-argument') throw error;
          }
          return isDeepStrictEqual(decodeValue(encodeValue({ a: [1n, 'x'] })), { a: [1n, 'x'] });
        },
      ),
      { numRuns: 3000 },
    );
  });
});
