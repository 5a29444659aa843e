/**
 * What `import … from 'dsage'` means in a bundle. A bundle does not bring dsage along: it takes the first names
 * from what the worker's child offers (src/evaluators/runtime.ts), and the others, which only make sense where
 * jobs are submitted, become stand-ins that throw when they are used. Together they are all that src/index.ts
 * exports: test/unit/code/bundle-names.test.ts compares them.
 */
export const RUNTIME_NAMES = [
  'DistributedFactor',
  'DistributedJob',
  'DistributedMap',
  'DsageError',
  'Fraction',
  'KilledError',
  'NOT_YET',
  'TaskFailedError',
  'TimeoutError',
  'fraction',
  'moduleFunction',
] as const;

export const CLIENT_NAMES = ['ClassJob', 'Job', 'MapJob', 'TaskHandle', 'dsage', 'parallel'] as const;

export type RuntimeName = (typeof RUNTIME_NAMES)[number];

/** Where a bundle finds what the child offers: under this symbol, among the globals. */
export const RUNTIME_KEY = 'dsage.runtime';
