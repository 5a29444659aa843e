import { DsageError } from '../../model/errors.js';

/** Larger results are refused before they are worked out. */
const MAX_DIGITS = 10_000;
const MAX_BITS = MAX_DIGITS * Math.log2(10);
/** Parentheses and signs within one another: each takes a few frames of the stack. */
const MAX_DEPTH = 500;
const MAX_LENGTH = 100_000;

/**
 * An integer from a BigInt, a safe number or a text: decimal digits, or an expression such as `2^256+1` or
 * `-(2^61-1)*3`, with `+ - * ^ ( )`. `^` binds strongest, and from the right: `-2^2` is -4, and `2^3^2` is 512.
 *
 * Throws `invalid-argument`, with the position in the text (from 1), and for what has more than 10,000 digits.
 */
export function parseInteger(given: bigint | number | string): bigint {
  if (typeof given === 'string') return new Parser(given).parse();
  if (typeof given === 'number' && !Number.isSafeInteger(given)) {
    throw new DsageError('invalid-argument', `${given} is no integer that a number holds exactly.`, {
      hint: 'Write it as BigInt (9007199254740993n) or as a text ("2^256+1").',
    });
  }
  if (typeof given !== 'number' && typeof given !== 'bigint') {
    throw new DsageError('invalid-argument', `An integer is asked for, and this is a ${typeof given}.`, {
      hint: 'Give a BigInt, a number or a text such as "2^256+1".',
    });
  }
  const value = BigInt(given);
  if (isTooLarge(value)) throw tooLarge('The number');
  return value;
}

class Parser {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): bigint {
    if (this.#text.length > MAX_LENGTH) throw tooLarge('The text');
    const value = this.#sum();
    if (this.#peek() !== '') throw this.#unexpected('an operator');
    return value;
  }

  #sum(): bigint {
    let value = this.#product();
    for (let operator = this.#peek(); operator === '+' || operator === '-'; operator = this.#peek()) {
      const start = this.#at;
      this.#at += 1;
      const next = this.#product();
      value = this.#checked(operator === '+' ? value + next : value - next, start);
    }
    return value;
  }

  #product(): bigint {
    let value = this.#signed();
    while (this.#peek() === '*') {
      const start = this.#at;
      this.#at += 1;
      const next = this.#signed();
      if (log2(value) + log2(next) > MAX_BITS + 2) throw tooLarge('The product', start);
      value = this.#checked(value * next, start);
    }
    return value;
  }

  /** A minus binds less than a power does. */
  #signed(): bigint {
    if (this.#peek() !== '-') return this.#power();
    this.#at += 1;
    return this.#nested(() => -this.#signed());
  }

  #power(): bigint {
    const base = this.#primary();
    if (this.#peek() !== '^') return base;
    const start = this.#at;
    this.#at += 1;
    const exponent = this.#nested(() => (this.#peek() === '-' ? this.#signed() : this.#power()));
    if (exponent < 0n) throw invalid('A negative exponent gives no integer', start);
    if (base === 0n || base === 1n || base === -1n)
      return base ** (exponent > 1n ? 2n - (exponent % 2n) : exponent);
    if (Number(exponent) * log2(base) > MAX_BITS + 2) throw tooLarge('The power', start);
    return this.#checked(base ** exponent, start);
  }

  #primary(): bigint {
    const next = this.#peek();
    if (next === '(') {
      this.#at += 1;
      const value = this.#nested(() => this.#sum());
      if (this.#peek() !== ')') throw this.#unexpected('“)”');
      this.#at += 1;
      return value;
    }
    const [digits] = /^\d+/.exec(this.#text.slice(this.#at)) ?? [];
    if (digits === undefined) throw this.#unexpected('a number');
    const start = this.#at;
    if (digits.replace(/^0+/, '').length > MAX_DIGITS) throw tooLarge('The number', start);
    this.#at += digits.length;
    return BigInt(digits);
  }

  #nested(parse: () => bigint): bigint {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH)
      throw invalid(`Parentheses and signs are nested more than ${MAX_DEPTH} deep`, this.#at);
    const value = parse();
    this.#depth -= 1;
    return value;
  }

  /** The next character that is no space; empty at the end. */
  #peek(): string {
    while (/\s/.test(this.#text.charAt(this.#at))) this.#at += 1;
    return this.#text.charAt(this.#at);
  }

  #checked(value: bigint, start: number): bigint {
    if (isTooLarge(value)) throw tooLarge('The result', start);
    return value;
  }

  #unexpected(wanted: string): DsageError {
    const found = this.#peek();
    return invalid(
      `${found === '' ? 'The text ends' : `“${found}” stands`} where ${wanted} is expected`,
      this.#at,
    );
  }
}

function isTooLarge(value: bigint): boolean {
  if (log2(value) < MAX_BITS - 1) return false;
  const limit = 10n ** BigInt(MAX_DIGITS);
  return value >= limit || value <= -limit;
}

/** The binary logarithm of the absolute value, a little rounded; 0 for 0. */
function log2(value: bigint): number {
  const hex = (value < 0n ? -value : value).toString(16);
  const top = parseInt(hex.slice(0, 12), 16);
  return top === 0 ? 0 : Math.log2(top) + 4 * Math.max(0, hex.length - 12);
}

function invalid(what: string, at: number): DsageError {
  return new DsageError('invalid-argument', `${what}, at position ${at + 1}.`, {
    hint: 'Write an integer, or an expression such as 2^256+1 with + - * ^ ( ).',
  });
}

function tooLarge(what: string, at?: number): DsageError {
  const place = at === undefined ? '' : `, at position ${at + 1},`;
  return new DsageError(
    'invalid-argument',
    `${what}${place} has more than ${MAX_DIGITS.toLocaleString('en')} digits.`,
    {
      hint: 'That is the limit for numbers to be factored.',
    },
  );
}
