import { fileURLToPath } from 'node:url';

const SHOWN = 5;
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Where in the user's own files an error was thrown: `at collect (/home/me/mersenne.ts:12:9)`, innermost first. */
export function userFrames(error: unknown): string[] {
  if (!(error instanceof Error) || error.stack === undefined) return [];
  return error.stack
    .split('\n')
    .filter((line) => /^\s+at .*:\d+:\d+\)?$/.test(line))
    .map((line) => line.trim().replace('file://', ''))
    .filter((line) => !line.includes('node:') && !['dist/', 'src/'].some((it) => line.includes(ROOT + it)))
    .slice(0, SHOWN);
}
