import { types } from 'node:util';

import { DsageError } from '../model/errors.js';
import { Fraction } from './fraction.js';

/**
 * What a walk over a value found out, so that the encoder can choose the quickest way that is right.
 * The walk refuses what cannot travel: cbor-x would silently turn a class instance into a plain object.
 */
export interface Survey {
  /** Some object is reached twice: the encoder must keep identity. */
  shared: boolean;
  /** Some part must be put into another form first: see lower.ts. */
  lower: boolean;
}

/** BigInts beyond this are written by lower.ts: cbor-x takes quadratic time for them. */
export const LARGE_INTEGER = 1n << 1024n;
/** cbor-x counts the objects that are reached twice in 16 bits. */
const MAX_SHARED_OBJECTS = 65_535;
const HINT =
  'Pass plain data: numbers, BigInt, strings, booleans, arrays, plain objects, fraction(), Date, Map, Set, RegExp, typed arrays or errors.';

/**
 * Throws `not-shippable`, naming the path to the part (`$.points[3].f`), when a value holds something
 * that cannot travel.
 */
export function assertTravels(value: unknown, path = '$'): void {
  surveyValue(value, path);
}

/** Walks a value once. Throws `not-shippable`. */
export function surveyValue(value: unknown, path = '$'): Survey {
  const walk = new Walk(path);
  try {
    walk.visit(value);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new DsageError('not-shippable', `${path} is nested too deeply to travel.`, { cause: error });
  }
  return { shared: walk.shared !== undefined, lower: walk.lower };
}

/** A step from a value to a part of it: an index, a property, or text for Map and Set. */
type Step = number | string | { readonly text: string };

class Walk {
  lower = false;
  /** Most values have none. */
  shared: Set<object> | undefined;
  readonly #seen = new Set<object>();
  /** The Maps and Sets that the walk is inside of. */
  readonly #open: object[] = [];
  readonly #trail: Step[] = [];
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  visit(value: unknown): void {
    switch (typeof value) {
      case 'number':
        if (value === 0 && 1 / value < 0) this.lower = true;
        return;
      case 'bigint':
        if (value > LARGE_INTEGER || value < -LARGE_INTEGER) this.lower = true;
        return;
      case 'function':
        return this.#refuse(
          value.prototype === undefined ? 'a function' : `the function or class ${value.name}`,
        );
      case 'symbol':
        return this.#refuse(`a symbol (${String(value)})`);
      case 'object':
        if (value !== null) this.#visitObject(value);
        return;
      default:
    }
  }

  #visitObject(value: object): void {
    if (this.#seen.has(value)) {
      this.#visitAgain(value);
      return;
    }
    this.#seen.add(value);
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Array.prototype) this.#visitArray(value as unknown[]);
    else if (isPlainPrototype(prototype)) this.#visitPlain(value as Record<string, unknown>);
    else if (prototype === Map.prototype) this.#visitMap(value as Map<unknown, unknown>);
    else if (prototype === Set.prototype) this.#visitSet(value as Set<unknown>);
    // An error always travels: what it holds that cannot is described in words.
    else if (value instanceof Error || isForeignFraction(value)) this.lower = true;
    else if (!isLeaf(value)) this.#refuse(describeInstance(value));
  }

  #visitAgain(value: object): void {
    if (this.#open.includes(value)) this.#refuse('a Map or Set inside itself');
    this.shared ??= new Set();
    this.shared.add(value);
    if (this.shared.size > MAX_SHARED_OBJECTS) {
      this.#refuse(`one of more than ${MAX_SHARED_OBJECTS} objects that are referred to more than once`);
    }
  }

  #visitArray(array: readonly unknown[]): void {
    for (let index = 0; index < array.length; index += 1) this.#visitPart(index, array[index]);
  }

  #visitPlain(object: Record<string, unknown>): void {
    if (Symbol.iterator in object) this.#refuse('an object with an iterator');
    for (const key of Object.keys(object)) {
      this.#visitPart(key, object[key]);
      if (key === '__proto__') this.#refuse('an object with a property named __proto__');
    }
  }

  #visitMap(map: ReadonlyMap<unknown, unknown>): void {
    this.#open.push(map);
    let index = 0;
    for (const [key, value] of map) {
      this.#visitPart({ text: `.key(${index})` }, key);
      this.#visitPart(
        { text: typeof key === 'string' ? `.get(${JSON.stringify(key)})` : `.value(${index})` },
        value,
      );
      index += 1;
    }
    this.#open.pop();
  }

  #visitSet(set: ReadonlySet<unknown>): void {
    this.#open.push(set);
    let index = 0;
    for (const item of set) this.#visitPart({ text: `.item(${index++})` }, item);
    this.#open.pop();
  }

  #visitPart(step: Step, part: unknown): void {
    // Most parts are simple and are never refused: they need no step on the trail.
    if (part === null || typeof part === 'string' || typeof part === 'number') {
      if (part === 0) this.visit(part);
      return;
    }
    this.#trail.push(step);
    this.visit(part);
    this.#trail.pop();
  }

  #refuse(what: string): never {
    const path = this.#root + this.#trail.map(stepText).join('');
    throw new DsageError('not-shippable', `${path} is ${what}, which cannot travel.`, { hint: HINT });
  }
}

function stepText(step: Step): string {
  if (typeof step === 'number') return `[${step}]`;
  if (typeof step === 'object') return step.text;
  return /^[A-Za-z_$][\w$]*$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
}

/** Also true of plain objects from another realm, such as a `vm` context. */
export function isPlainPrototype(prototype: unknown): boolean {
  if (prototype === Object.prototype || prototype === null) return true;
  return (
    typeof prototype === 'object' &&
    Object.getPrototypeOf(prototype) === null &&
    Object.prototype.hasOwnProperty.call(prototype, 'isPrototypeOf')
  );
}

function isLeaf(value: object): boolean {
  return (
    types.isTypedArray(value) ||
    types.isAnyArrayBuffer(value) ||
    (types.isDate(value) && Object.getPrototypeOf(value) === Date.prototype) ||
    (types.isRegExp(value) && Object.getPrototypeOf(value) === RegExp.prototype) ||
    value instanceof Fraction
  );
}

/** A fraction of another copy of fraction.js, such as the user's own. */
export function isForeignFraction(value: object): value is { s: bigint; n: bigint; d: bigint } {
  if (value instanceof Fraction) return false;
  const { s, n, d, toFraction } = value as Record<string, unknown>;
  return (
    typeof s === 'bigint' &&
    typeof n === 'bigint' &&
    typeof d === 'bigint' &&
    typeof toFraction === 'function'
  );
}

function describeInstance(value: object): string {
  if (types.isPromise(value)) return 'a promise';
  const name: unknown = (value.constructor as { name?: unknown } | undefined)?.name;
  return typeof name === 'string' && name !== '' ? `an instance of ${name}` : 'an instance of a class';
}
