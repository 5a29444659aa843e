import { inspect } from 'node:util';

import { chainOf, DsageError } from '../model/errors.js';
import { MAX_INLINE_BYTES } from '../model/protocol.js';
import { encodeValue } from '../wire/codec.js';

const MAX_LINE = 500;
const MAX_TEXT = 16 * 1024;
const OWN_FOLDERS = ['.', '../code/', '../worker/child/', '../local/', '../jobs/module-function.'].map(
  (folder) => new URL(folder, import.meta.url).pathname,
);
/** What a bundle adds to the user's own files. */
const BUNDLE_FRAME = /[0-9a-f]{64}\.mjs/;
/** Frames of what runs the task, compiled and as source maps name them, and of what calls it. */
const OWN_FRAMES = [
  ...OWN_FOLDERS,
  ...OWN_FOLDERS.map((folder) => folder.replace('/dist/', '/src/')),
  'process.processImmediate',
  'process.processTicksAndRejections',
  'node:internal/event_target',
  'node:internal/per_context/messageport',
  '(node:vm:',
];

/** One line for people about what a task threw, whatever it is. */
export function messageOfThrown(error: unknown): string {
  return firstLine(describe(error));
}

/**
 * The CBOR of some facts with the error that they are about: always small, and made even of an error that cannot
 * travel.
 */
export function encodeWithError(facts: { readonly message: string }, error: unknown): Uint8Array {
  if (error === undefined) return encodeValue(facts);
  for (const form of [shownError, plainError]) {
    try {
      const cbor = encodeValue({ ...facts, error: form(error) });
      if (cbor.length <= MAX_INLINE_BYTES) return cbor;
    } catch {
      // A getter of a strange error threw, or a part of it cannot travel: the next form has less of it.
    }
  }
  return encodeValue({ ...facts, error: `${facts.message} (the error itself could not be sent)` });
}

function shownError(error: unknown): unknown {
  for (const each of chainOf(error)) {
    const stack = cleanStack(each);
    // On the error itself: it keeps its class, its cause and its properties.
    if (stack !== undefined && stack !== each.stack) {
      Object.defineProperty(each, 'stack', { value: stack, configurable: true, writable: true });
    }
  }
  return error;
}

/** Only name, message and stack, or text of what is no error. */
function plainError(error: unknown): unknown {
  if (!(error instanceof Error)) return inspect(error, { depth: 2 }).slice(0, MAX_TEXT);
  const plain = new Error(textOf(error.message).slice(0, MAX_TEXT));
  plain.name = textOf(error.name).slice(0, MAX_LINE);
  plain.stack = cleanStack(error)?.slice(0, MAX_TEXT) ?? '';
  return plain;
}

/** A task may set these to anything. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : inspect(value, { depth: 0 });
}

/** The stack without the frames of what runs the task, which say nothing about it. */
function cleanStack(error: Error): string | undefined {
  const stack: unknown = error.stack;
  if (typeof stack !== 'string') return undefined;
  return stack
    .split('\n')
    .filter((line) => !/^\s+at /.test(line) || !isOwnFrame(line))
    .join('\n');
}

function isOwnFrame(line: string): boolean {
  return BUNDLE_FRAME.test(line) || OWN_FRAMES.some((part) => line.includes(part));
}

function describe(error: unknown): string {
  try {
    if (error instanceof DsageError) return error.message;
    if (error instanceof Error) return `${error.name}: ${error.message}`;
    return `The task threw ${typeof error === 'string' ? `'${error}'` : inspect(error, { depth: 1 })}, which is no Error.`;
  } catch {
    return 'The task threw something that cannot even be shown.';
  }
}

function firstLine(text: string): string {
  const line = text.split('\n', 1)[0] ?? '';
  return line.length <= MAX_LINE ? line : `${line.slice(0, MAX_LINE)}…`;
}
