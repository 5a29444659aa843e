import { inspect } from 'node:util';

import { fraction } from './fraction.js';
import { isForeignFraction, isPlainPrototype, LARGE_INTEGER, surveyValue } from './travels.js';

/** Stands for -0, which cbor-x would write as 0. */
export class NegativeZero {
  readonly value = -0;
}

/** Stands for a BigInt with thousands of bits: its magnitude, or minus one minus itself, big-endian. */
export class LargePositive {
  readonly bytes: Buffer;
  constructor(value: bigint) {
    this.bytes = bigEndian(value);
  }
}
export class LargeNegative {
  readonly bytes: Buffer;
  constructor(value: bigint) {
    this.bytes = bigEndian(-1n - value);
  }
}

/** What travels of an error. */
export interface ErrorFields {
  name: string;
  message: string;
  stack?: string;
  cause?: unknown;
  errors?: unknown[];
  /** Own properties with simple values: `code`, and what Node adds to system errors. */
  properties?: Record<string, unknown>;
}

/** Stands for an Error. */
export class ErrorCell {
  readonly fields: ErrorFields;
  constructor(fields: ErrorFields) {
    this.fields = fields;
  }
}

/**
 * A copy of a value with all that cbor-x does not know, or writes wrongly or slowly, put into the forms
 * above. Objects that are reached twice, cycles included, stay one object.
 */
export function lowerValue(value: unknown): unknown {
  return new Lowering().lower(value);
}

class Lowering {
  readonly #copies = new Map<object, unknown>();
  readonly #openErrors = new Set<Error>();

  lower(value: unknown): unknown {
    if (typeof value === 'number') return Object.is(value, -0) ? new NegativeZero() : value;
    if (typeof value === 'bigint') return lowerInteger(value);
    if (typeof value !== 'object' || value === null) return value;
    if (value instanceof Error && this.#openErrors.has(value)) return `[circular: ${value.message}]`;
    const known = this.#copies.get(value);
    if (known !== undefined) return known;
    return this.#copyObject(value);
  }

  #copyObject(value: object): unknown {
    // The copy is known before its parts are: that closes cycles.
    if (Array.isArray(value)) {
      const copy: unknown[] = this.#remember(value, []);
      for (const item of value) copy.push(this.lower(item));
      return copy;
    }
    if (value instanceof Map) {
      const copy = this.#remember(value, new Map<unknown, unknown>());
      for (const [key, item] of value) copy.set(this.lower(key), this.lower(item));
      return copy;
    }
    if (value instanceof Set) {
      const copy = this.#remember(value, new Set<unknown>());
      for (const item of value) copy.add(this.lower(item));
      return copy;
    }
    if (value instanceof Error) return this.#remember(value, this.#lowerError(value));
    if (isForeignFraction(value)) return this.#remember(value, fraction(value.s * value.n, value.d));
    // Dates, typed arrays and the like are written as they are.
    if (!isPlainPrototype(Object.getPrototypeOf(value))) return value;
    const copy = this.#remember<Record<string, unknown>>(value, {});
    for (const [key, item] of Object.entries(value)) copy[key] = this.lower(item);
    return copy;
  }

  #lowerError(error: Error): ErrorCell {
    this.#openErrors.add(error);
    const fields: ErrorFields = { name: error.name, message: error.message };
    if (typeof error.stack === 'string') fields.stack = error.stack;
    if (error.cause !== undefined) fields.cause = this.#lowerLeniently(error.cause);
    if (error instanceof AggregateError) {
      fields.errors = error.errors.map((inner: unknown) => this.#lowerLeniently(inner));
    }
    const properties = simpleProperties(error);
    if (Object.keys(properties).length > 0) fields.properties = properties;
    this.#openErrors.delete(error);
    return new ErrorCell(fields);
  }

  /** What an error holds must not keep the error from being told: it is described where it cannot travel. */
  #lowerLeniently(value: unknown): unknown {
    try {
      surveyValue(value);
    } catch {
      return inspect(value, { depth: 2, maxStringLength: 1000 });
    }
    return this.lower(value);
  }

  #remember<T>(original: object, copy: T): T {
    this.#copies.set(original, copy);
    return copy;
  }
}

/** A BigInt in the form that is quick to write. */
export function lowerInteger(value: bigint): unknown {
  if (value > LARGE_INTEGER) return new LargePositive(value);
  if (value < -LARGE_INTEGER) return new LargeNegative(value);
  return value;
}

function simpleProperties(error: Error): Record<string, unknown> {
  const standard = ['name', 'message', 'stack', 'cause', 'errors', '__proto__'];
  const entries = Object.entries(error).filter(
    ([key, value]) =>
      !standard.includes(key) && ['string', 'number', 'boolean', 'bigint'].includes(typeof value),
  );
  return Object.fromEntries(entries);
}

/** By way of hexadecimal digits, which V8 makes in linear time. */
function bigEndian(value: bigint): Buffer {
  const digits = value.toString(16);
  return Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex');
}
