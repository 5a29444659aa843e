import { writeFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { inspect } from 'node:util';

import { DsageError, messageOf } from '../model/errors.js';
import { encodeValue } from '../wire/codec.js';
import { Fraction } from '../wire/fraction.js';

/** Writes a value in the form that the file's name asks for: see `save` of a job. */
export async function saveValue(file: string, value: unknown): Promise<void> {
  try {
    await writeFile(file, contentOf(extname(file).toLowerCase(), value));
  } catch (error) {
    if (error instanceof DsageError) throw error;
    throw new DsageError(
      'invalid-argument',
      `The result cannot be written to ${file}: ${messageOf(error)}.`,
      {
        hint: 'Give the path of a file in a folder that exists and is writable.',
        cause: error,
      },
    );
  }
}

function contentOf(extension: string, value: unknown): string | Uint8Array {
  if (extension === '.cbor') return encodeValue(value);
  if (extension === '.json') return `${JSON.stringify(plain(value), undefined, 2)}\n`;
  if (typeof value === 'string') return value;
  return `${inspect(value, { depth: Infinity, maxArrayLength: Infinity, maxStringLength: Infinity })}\n`;
}

/** JSON knows neither BigInt nor fractions, Map, Set or undefined: they become strings, arrays and null. */
export function plain(value: unknown): unknown {
  if (value === undefined) return null;
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Fraction) return value.toFraction();
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if (value instanceof Error) return { name: value.name, message: value.message };
  if (value instanceof RegExp) return value.toString();
  if (Array.isArray(value) || value instanceof Set) return Array.from(value, plain);
  if (value instanceof Map) return Array.from(value, ([key, item]) => [plain(key), plain(item)]);
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return Array.from(value as never, plain);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}
