import type { Context } from 'koa';

import { DsageError } from '../../model/errors.js';

/** Room for a hundred thousand numbers of jobs. */
const MAX_BODY_BYTES = 1024 * 1024;

/** What a changing request says: fields of JSON, each read as what it must be. */
export class Body {
  readonly #fields: Readonly<Record<string, unknown>>;

  private constructor(fields: Readonly<Record<string, unknown>>) {
    this.#fields = fields;
  }

  /** Throws `invalid-argument` unless the request's body is an object of JSON, and `limit-exceeded` for a long one. */
  static async read({ req }: Context): Promise<Body> {
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of req as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      // What is too long is read to its end and let go, so that the answer arrives.
      if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
    }
    if (bytes > MAX_BODY_BYTES) {
      throw new DsageError('limit-exceeded', `The body is longer than ${String(MAX_BODY_BYTES)} bytes.`);
    }
    const fields = parse(Buffer.concat(chunks).toString('utf8'));
    if (typeof fields === 'object' && fields !== null && !Array.isArray(fields)) {
      return new Body(fields as Record<string, unknown>);
    }
    throw new DsageError('invalid-argument', 'The body must be an object of JSON.');
  }

  numbers(name: string): readonly number[] {
    const value = this.#fields[name];
    if (Array.isArray(value) && value.every(isNumber)) return value;
    throw wrong(name, 'a list of whole numbers from 0 on');
  }

  number(name: string): number {
    const value = this.#fields[name];
    if (isNumber(value)) return value;
    throw wrong(name, 'a whole number from 0 on');
  }

  /** Empty where it is not given. */
  text(name: string): string {
    const value = this.#fields[name] ?? '';
    if (typeof value === 'string') return value;
    throw wrong(name, 'a text');
  }

  /** False where it is not given. */
  flag(name: string): boolean {
    const value = this.#fields[name] ?? false;
    if (typeof value === 'boolean') return value;
    throw wrong(name, 'true or false');
  }
}

/** A number in the path. Throws `invalid-argument`. */
export function pathNumber(
  context: { readonly params: Record<string, string | undefined> },
  name: string,
): number {
  const text = context.params[name] ?? '';
  const value = Number(text);
  if (/^\d+$/.test(text) && isNumber(value)) return value;
  throw new DsageError('invalid-argument', `"${text}" is no number.`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text === '' ? '{}' : text);
  } catch (error) {
    throw new DsageError('invalid-argument', 'The body is no JSON.', { cause: error });
  }
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function wrong(name: string, what: string): DsageError {
  return new DsageError('invalid-argument', `${name} must be ${what}.`);
}
