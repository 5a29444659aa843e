/** A value that came as CBOR, as plain text. What JavaScript writes in many ways is written in one here. */

/** An exact rational; it need not be computed with here. */
export class Rational {
  readonly numerator: bigint;
  readonly denominator: bigint;

  constructor(numerator: bigint, denominator: bigint) {
    this.numerator = numerator;
    this.denominator = denominator;
  }

  toString(): string {
    return this.denominator === 1n ? String(this.numerator) : `${this.numerator}/${this.denominator}`;
  }
}

/** An error that came as a value. */
export class ErrorValue {
  readonly name: string;
  readonly message: string;
  readonly stack: string;

  constructor(name: string, message: string, stack: string) {
    this.name = name;
    this.message = message;
    this.stack = stack;
  }
}

/** Text ends about here: the rest is for the download. */
export const MAX_TOLD_CHARS = 64_000;
const MAX_DEPTH = 24;
const SHORT_CHARS = 72;

export interface Told {
  readonly text: string;
  readonly isCut: boolean;
}

/** The value as text, of at most `max` characters. Integers and fractions are written digit by digit. */
export function tell(value: unknown, max = MAX_TOLD_CHARS): Told {
  const teller = new Teller(max);
  const text = teller.tell(value, '');
  return text.length > max ? { text: text.slice(0, max), isCut: true } : { text, isCut: teller.isCut };
}

class Teller {
  isCut = false;
  #left: number;
  readonly #above: unknown[] = [];

  constructor(max: number) {
    this.#left = max;
  }

  tell(value: unknown, indent: string): string {
    const simple = simpleText(value);
    if (simple !== undefined) {
      this.#left -= simple.length;
      return simple;
    }
    const inner = value as object;
    if (this.#above.includes(inner)) return '↻ (contains itself)';
    if (this.#above.length >= MAX_DEPTH) return '…';
    this.#above.push(inner);
    const text = this.#parts(inner, indent);
    this.#above.pop();
    return text;
  }

  #parts(value: object, indent: string): string {
    const deeper = `${indent}  `;
    if (value instanceof Map) {
      const entries = this.#each(value, ([key, one]: [unknown, unknown]) => {
        return `${this.tell(key, deeper)} => ${this.tell(one, deeper)}`;
      });
      return bracket('Map {', entries, '}', indent);
    }
    if (value instanceof Set) {
      return bracket(
        'Set {',
        this.#each(value as Set<unknown>, (one) => this.tell(one, deeper)),
        '}',
        indent,
      );
    }
    if (ArrayBuffer.isView(value)) {
      const items = value as unknown as Iterable<number | bigint>;
      const name = value.constructor.name;
      return bracket(
        `${name} [`,
        this.#each(items, (one) => this.tell(one, deeper)),
        ']',
        indent,
      );
    }
    if (Array.isArray(value)) {
      return bracket(
        '[',
        this.#each(value as unknown[], (one) => this.tell(one, deeper)),
        ']',
        indent,
      );
    }
    const entries = this.#each(Object.entries(value), ([key, one]: [string, unknown]) => {
      return `${keyText(key)}: ${this.tell(one, deeper)}`;
    });
    return bracket('{', entries, '}', indent);
  }

  #each<T>(items: Iterable<T>, one: (item: T) => string): string[] {
    const texts: string[] = [];
    for (const item of items) {
      if (this.#left <= 0) {
        this.isCut = true;
        texts.push('…');
        break;
      }
      this.#left -= 2;
      texts.push(one(item));
    }
    return texts;
  }
}

function simpleText(value: unknown): string | undefined {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  if (value === null || typeof value !== 'object') return String(value);
  if (value instanceof Rational) return value.toString();
  if (value instanceof ErrorValue) return value.stack || `${value.name}: ${value.message}`;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  if (value instanceof RegExp) return String(value);
  return undefined;
}

function keyText(key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key);
}

/** In one line where it is short, else an item a line. */
function bracket(open: string, items: readonly string[], close: string, indent: string): string {
  const inner = items.join(', ');
  if (items.length === 0) return open + close;
  if (inner.length <= SHORT_CHARS && !inner.includes('\n')) {
    return open.endsWith('{') ? `${open} ${inner} ${close}` : open + inner + close;
  }
  // Many short items, such as the numbers of a list, fill lines.
  const lines = items.every((item) => item.length <= 12 && !item.includes(':')) ? filled(items) : items;
  return `${open}\n${lines.map((line) => `${indent}  ${line}`).join(',\n')}\n${indent}${close}`;
}

function filled(items: readonly string[]): string[] {
  const lines: string[] = [];
  let line = '';
  for (const item of items) {
    if (line !== '' && line.length + item.length > SHORT_CHARS) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? item : `${line}, ${item}`;
  }
  if (line !== '') lines.push(line);
  return lines;
}

/** The media type of bytes that begin as an image does. */
export function imageType(value: unknown): string | undefined {
  if (!(value instanceof Uint8Array) || value.length < 12) return undefined;
  const at = (offset: number, ...wanted: number[]): boolean =>
    wanted.every((byte, n) => value[offset + n] === byte);
  if (at(0, 0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)) return 'image/png';
  if (at(0, 0xff, 0xd8, 0xff)) return 'image/jpeg';
  if (at(0, 0x47, 0x49, 0x46, 0x38)) return 'image/gif';
  if (at(0, 0x52, 0x49, 0x46, 0x46) && at(8, 0x57, 0x45, 0x42, 0x50)) return 'image/webp';
  return undefined;
}
