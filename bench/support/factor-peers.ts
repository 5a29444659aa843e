import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { type CommandTime, timeCommand, type TimedCommand } from './command-time.js';
import { programPath } from './paths.js';

/** A program of somebody else that factors integers. */
export interface FactorPeer {
  readonly name: string;
  /** Why it cannot be run here. */
  readonly missing?: string | undefined;
  /** Digits of the numbers that it is given. */
  readonly from: number;
  readonly to: number;
  /** What part of its time one slot may take, where that is said. */
  readonly atMost: (digits: number) => number | undefined;
  /** Rejects when what it printed holds no proper divisor. */
  factor(n: bigint): Promise<CommandTime>;
}

/** From here on nothing in JavaScript or WebAssembly shall be faster. */
const BARS_FROM = 45;
/** From here on nothing at all shall be much faster: below, the start of Node is longer than YAFU takes for all. */
const YAFU_BAR_FROM = 60;
const MOST_DIGITS = 90;
const PACKAGE = 'quadraticsievefactorization';

/** All of them, those that are missing too. Each runs in one thread. */
export const factorPeers: readonly FactorPeer[] = [
  {
    name: 'PARI/GP',
    missing: onPath('gp') ? undefined : 'not installed: apt install pari-gp',
    from: 50,
    to: 70,
    atMost: (digits) => (digits === 70 ? 0.6 : undefined),
    factor: (n) =>
      checked(n, { command: 'gp', args: ['-q', '-f', '-s', '1G'], input: `print(factorint(${n}))\n` }),
  },
  {
    name: 'YAFU',
    missing: onPath('yafu') ? undefined : 'no yafu on the PATH: see docs/FACTORING.md',
    from: BARS_FROM,
    to: MOST_DIGITS,
    atMost: (digits) => (digits >= YAFU_BAR_FROM ? 1.3 : undefined),
    factor: (n) => checked(n, { command: 'yafu', args: ['-threads', '1'], input: `siqs(${n})\n` }),
  },
  inJavaScript({
    name: PACKAGE,
    program: 'package',
    where: PACKAGE,
    // It states no licence, so that it is none of our dependencies.
    missing: isInstalled(PACKAGE) ? undefined : `not installed: npm install --no-save ${PACKAGE}`,
  }),
  inJavaScript({
    name: "CrypTool's msieve",
    program: 'msieve',
    ...givenBy('CRYPTOOL_MSIEVE', 'the directory of its msieve.js and msieve.wasm'),
  }),
  inJavaScript({
    name: "Alpern's calculator",
    program: 'alpertron',
    ...givenBy('ALPERTRON_WASM', 'the file of its ecm….wasm'),
  }),
];

interface InJavaScript {
  readonly name: string;
  /** What bench/programs/factor-peer.ts calls it. */
  readonly program: string;
  readonly where: string;
  readonly missing: string | undefined;
}

function inJavaScript({ name, program, where, missing }: InJavaScript): FactorPeer {
  const args = (n: bigint) => [programPath('factor-peer'), program, where, String(n)];
  return {
    ...{ name, missing, from: BARS_FROM, to: MOST_DIGITS },
    atMost: () => 1,
    factor: (n) => checked(n, { command: process.execPath, args: args(n) }),
  };
}

/** A peer that an environment variable says the place of. */
function givenBy(variable: string, what: string): Pick<InJavaScript, 'where' | 'missing'> {
  const path = process.env[variable];
  if (path === undefined)
    return { where: '', missing: `${variable} is not set to ${what}: see docs/FACTORING.md` };
  const where = resolve(path);
  return { where, missing: existsSync(where) ? undefined : `${variable}: there is no ${where}` };
}

function onPath(command: string): boolean {
  return spawnSync('which', [command]).status === 0;
}

function isInstalled(name: string): boolean {
  try {
    import.meta.resolve(name);
    return true;
  } catch {
    return false;
  }
}

/** In a fresh directory, for some leave files; and not for ever. */
async function checked(n: bigint, command: TimedCommand): Promise<CommandTime> {
  const cwd = mkdtempSync(join(tmpdir(), 'dsage-bench-'));
  try {
    const time = await timeCommand({ ...command, cwd, limitS: String(n).length < 70 ? 60 : 900 });
    if (time.output !== undefined && !hasDivisor(n, time.output))
      throw new Error(`${command.command} found no divisor of ${n}: ${time.output}`);
    return time;
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
}

function hasDivisor(n: bigint, text: string): boolean {
  return [...text.matchAll(/\d+/g)].some(([digits]) => {
    const candidate = BigInt(digits);
    return candidate > 1n && candidate < n && n % candidate === 0n;
  });
}
