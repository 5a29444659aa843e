import { addExtension, Encoder } from 'cbor-x';

import { DsageError, messageOf } from '../model/errors.js';
import { Fraction } from './fraction.js';
import {
  ErrorCell,
  type ErrorFields,
  LargeNegative,
  LargePositive,
  lowerInteger,
  lowerValue,
  NegativeZero,
} from './lower.js';
import { LARGE_INTEGER, surveyValue } from './travels.js';

export { assertTravels } from './travels.js';

/**
 * Values as CBOR (RFC 8949), through cbor-x. What travels: undefined, null, booleans, numbers (-0, NaN
 * and infinities too), strings, BigInt of any size (integer or tags 2 and 3), exact rationals (tag 30),
 * arrays, plain objects, Date (to the
 * millisecond within 10,000 years of year 0), Map (tag 259), Set (tag 258), RegExp, typed arrays (RFC 8746), errors with
 * name, message, stack, cause, errors and simple properties such as `code`; objects that are reached
 * twice stay one, cycles included.
 *
 * What changes on the way: a Buffer or ArrayBuffer comes back as a Uint8Array, an error of a class of
 * one's own as an Error of that name, a hole in an array as undefined. A lone surrogate in a string is
 * no text and comes back as U+FFFD or as it was, depending on the string's length: `toWellFormed()` decides.
 *
 * Other languages read the same bytes. Python's cbor2 reads a number of 2^32 or more as a float: send
 * integers that matter as BigInt.
 */

/** Private tag of an error: a map of ErrorFields. */
const ERROR_TAG = 48901;
const BIGNUM_TAG = 2;
const NEGATIVE_BIGNUM_TAG = 3;
const RATIONAL_TAG = 30;

// Maps are written with their true size: cbor-x's shortcut breaks shared references beyond 65,535 keys.
const options = {
  useRecords: false,
  mapsAsObjects: true,
  tagUint8Array: false,
  variableMapSize: true,
  copyBuffers: true,
} as const;
/** For trees, which need no bookkeeping of identity. */
const treeEncoder = new Encoder(options);
/** Bytes that are worth forgetting, and a value to decode in their place. */
const LARGE = 1e5;
const UNDEFINED = Uint8Array.of(0xf7);
const graphEncoder = new Encoder({ ...options, structuredClone: true });

registerExtensions();

/** The CBOR of a value. Throws `not-shippable`, naming the path, when a part of it cannot travel. */
export function encodeValue(value: unknown): Uint8Array {
  if (isSimple(value) || isFlatArray(value)) return treeEncoder.encode(value);
  const { shared, lower } = surveyValue(value);
  try {
    return (shared ? graphEncoder : treeEncoder).encode(lower ? lowerValue(value) : value);
  } catch (error) {
    throw new DsageError('not-shippable', `The value cannot be written as CBOR: ${messageOf(error)}.`, {
      cause: error,
    });
  }
}

/**
 * The value that some CBOR stands for. It shares no memory with `bytes`. Throws `invalid-argument` when
 * the bytes are damaged.
 */
export function decodeValue(bytes: Uint8Array): unknown {
  try {
    // A plain view, since byte strings would become Buffers when the source is one.
    return treeEncoder.decode(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)) as unknown;
  } catch (error) {
    throw new DsageError(
      'invalid-argument',
      `${bytes.length} bytes that should be a value are not: ${messageOf(error)}.`,
      { cause: error },
    );
  } finally {
    // cbor-x goes on holding what it decoded last.
    if (bytes.length >= LARGE) treeEncoder.decode(UNDEFINED);
  }
}

/** True of what cbor-x writes rightly without another look. */
function isSimple(value: unknown): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'undefined':
      return true;
    case 'number':
      return value !== 0 || 1 / value > 0;
    case 'bigint':
      return value <= LARGE_INTEGER && value >= -LARGE_INTEGER;
    default:
      return value === null;
  }
}

function isFlatArray(value: unknown): boolean {
  if (!Array.isArray(value) || Object.getPrototypeOf(value) !== Array.prototype) return false;
  for (let index = 0; index < value.length; index += 1) {
    if (!isSimple(value[index])) return false;
  }
  return true;
}

type EncodePart = (part: unknown) => void;

/** cbor-x's own types know an extension only with a tag, and an encoder only by what it returns. */
interface Extension {
  readonly Class: abstract new (...args: never[]) => unknown;
  readonly tag?: number;
  readonly encode: (this: { alwaysUseFloat?: boolean }, value: never, encode: EncodePart) => void;
  readonly decode?: (data: never) => unknown;
}

/** cbor-x keeps extensions for the whole process. */
function registerExtensions(): void {
  const extensions: Extension[] = [
    {
      Class: Fraction,
      tag: RATIONAL_TAG,
      encode: ({ s, n, d }: Fraction, encode) => {
        encode([lowerInteger(s * n), lowerInteger(d)]);
      },
      decode: ([n, d]: [number | bigint, number | bigint]) => new Fraction(BigInt(n), BigInt(d)),
    },
    {
      Class: LargePositive,
      tag: BIGNUM_TAG,
      encode: ({ bytes }: LargePositive, encode) => {
        encode(bytes);
      },
      decode: integerOf,
    },
    {
      Class: LargeNegative,
      tag: NEGATIVE_BIGNUM_TAG,
      encode: ({ bytes }: LargeNegative, encode) => {
        encode(bytes);
      },
      decode: (bytes: Uint8Array) => -1n - integerOf(bytes),
    },
    {
      Class: NegativeZero,
      encode({ value }: NegativeZero, encode) {
        // As a float it keeps its sign.
        this.alwaysUseFloat = true;
        encode(value);
        this.alwaysUseFloat = false;
      },
    },
    {
      Class: ErrorCell,
      tag: ERROR_TAG,
      encode: ({ fields }: ErrorCell, encode) => {
        encode(fields);
      },
      decode: errorOf,
    },
  ];
  for (const extension of extensions) addExtension(extension as never);
}

function integerOf(bytes: Uint8Array): bigint {
  if (bytes.length === 0) return 0n;
  return BigInt(`0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')}`);
}

const ERROR_CLASSES: ReadonlyMap<string, ErrorConstructor> = new Map(
  [Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError].map((one) => [
    one.name,
    one,
  ]),
);

function errorOf(fields: ErrorFields): Error {
  const { name, message, stack, errors, properties } = fields;
  const ErrorClass = ERROR_CLASSES.get(name) ?? Error;
  const error = errors === undefined ? new ErrorClass(message) : new AggregateError(errors, message);
  if (error.name !== name) define(error, 'name', name);
  // Without one, the stack would be that of this decoder.
  define(error, 'stack', stack ?? `${name}: ${message}`);
  if ('cause' in fields) define(error, 'cause', fields.cause);
  if (properties !== undefined) Object.assign(error, properties);
  return error;
}

/** Not enumerable, as on errors that were made here. */
function define(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, { value, writable: true, configurable: true });
}
