import { runInNewContext } from 'node:vm';

/** What Node adds to the language's own globals, in every version that workers run. */
const NODE_GLOBALS = [
  ...['global', 'process', 'Buffer', 'require', 'console', 'performance', 'crypto', 'navigator'],
  ...['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate', 'clearImmediate'],
  ...[
    'queueMicrotask',
    'structuredClone',
    'atob',
    'btoa',
    'fetch',
    'Headers',
    'Request',
    'Response',
    'FormData',
  ],
  ...['URL', 'URLSearchParams', 'TextEncoder', 'TextDecoder', 'TextEncoderStream', 'TextDecoderStream'],
  ...[
    'AbortController',
    'AbortSignal',
    'Event',
    'EventTarget',
    'CustomEvent',
    'DOMException',
    'Blob',
    'File',
  ],
  ...['MessageChannel', 'MessagePort', 'MessageEvent', 'BroadcastChannel', 'WebSocket'],
  ...['ReadableStream', 'WritableStream', 'TransformStream', 'CompressionStream', 'DecompressionStream'],
  ...['Crypto', 'CryptoKey', 'SubtleCrypto', 'Performance', 'PerformanceObserver'],
] as const;

/** The names that a task in JavaScript finds on a worker beside Node's: see its prelude, and its evaluators. */
const PRELUDE_NAMES = [
  'fraction',
  'gcd',
  'isPrime',
  'nextPrime',
  'factor',
  'context',
  'signal',
  'attempt',
] as const;

/**
 * The names that a function may use without bringing them along. A fresh context lists the language's own:
 * this process's globals would also list what its user or a test runner has added here and no worker has.
 */
export const WORKER_GLOBALS: ReadonlySet<string> = new Set([
  ...(runInNewContext('Object.getOwnPropertyNames(globalThis)') as string[]),
  ...NODE_GLOBALS,
  ...PRELUDE_NAMES,
  // The stub that keeps names in functions that esbuild and tsx compiled.
  '__name',
]);
