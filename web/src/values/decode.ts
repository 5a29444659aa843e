// The build of cbor-x that makes no functions of text: the page runs under a policy that refuses them.
import type * as Cbor from 'cbor-x';
import * as untyped from 'cbor-x/decode-no-eval';

import { ErrorValue, Rational } from './tell.js';

// The types of that build lead nowhere; they are those of the package.
const { addExtension, Decoder } = untyped as unknown as Pick<typeof Cbor, 'addExtension' | 'Decoder'>;

// The tags of src/wire/codec.ts, read for looking at only.
const BIGNUM_TAG = 2;
const NEGATIVE_BIGNUM_TAG = 3;
const RATIONAL_TAG = 30;
const ERROR_TAG = 48901;

interface Extension {
  readonly tag: number;
  readonly decode: (data: never) => unknown;
}

const extensions: readonly Extension[] = [
  { tag: BIGNUM_TAG, decode: integerOf },
  { tag: NEGATIVE_BIGNUM_TAG, decode: (bytes: Uint8Array) => -1n - integerOf(bytes) },
  {
    tag: RATIONAL_TAG,
    decode: ([n, d]: [number | bigint, number | bigint]) => new Rational(BigInt(n), BigInt(d)),
  },
  {
    tag: ERROR_TAG,
    decode: ({ name, message, stack }: { name: string; message: string; stack?: string }) =>
      new ErrorValue(name, message, stack ?? ''),
  },
];
for (const extension of extensions) addExtension(extension as never);

const decoder = new Decoder({ useRecords: false, mapsAsObjects: true });

/** The value of a payload; throws where the bytes are none. */
export function decode(bytes: Uint8Array): unknown {
  return bytes.length === 0 ? undefined : decoder.decode(bytes);
}

/** Through hexadecimal digits: adding bytes one by one takes quadratic time. */
function integerOf(bytes: Uint8Array): bigint {
  if (bytes.length === 0) return 0n;
  return BigInt(`0x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`);
}
