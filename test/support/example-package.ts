import { execFile, spawn } from 'node:child_process';
import { cpSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { finished } from './cli.js';
import type { Ran } from './cli.js';
import { makeTempDir } from './temp-dir.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const NPM_TIMEOUT_MS = 100_000;
const GONE_MS = 20_000;

/** The file that npm would publish, as `npm pack` makes it. */
export async function packDsage(): Promise<string> {
  const folder = makeTempDir();
  // Its own scripts would bootstrap again.
  const ran = await npm(['pack', '--ignore-scripts', '--json', '--pack-destination', folder], ROOT);
  const [packed] = JSON.parse(ran.stdout) as { readonly filename: string }[];
  return join(folder, packed?.filename ?? '');
}

/** A copy of an example outside of the repository, with dsage and the rest installed as its user would. */
export class ExamplePackage {
  readonly folder = makeTempDir();
  readonly #directory = makeTempDir();

  private constructor(name: string) {
    cpSync(join(ROOT, 'examples', name), this.folder, {
      recursive: true,
      // It may have been run where it is.
      filter: (path) => !path.includes('node_modules') && !path.endsWith('package-lock.json'),
    });
  }

  static async install(name: string, tarball: string): Promise<ExamplePackage> {
    const example = new ExamplePackage(name);
    // What a test before this one has brought is in npm's cache.
    await npm(['install', '--no-audit', '--no-fund', '--prefer-offline', tarball], example.folder);
    return example;
  }

  has(path: string): boolean {
    return existsSync(join(this.folder, path));
  }

  read(path: string): Buffer {
    return readFileSync(join(this.folder, path));
  }

  /** `npm start -- args`, with a cluster's directory of its own unless `env` names another. */
  start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> {
    return npm(['start', '--', ...args], this.folder, { DSAGE_DIR: this.#directory, ...env });
  }

  /** The command lines of what still runs of it, once that had time to end. */
  async leftovers(): Promise<string[]> {
    const givesUpAt = Date.now() + GONE_MS;
    for (;;) {
      const left = await processesNaming(this.folder);
      if (left.length === 0 || Date.now() > givesUpAt) return left;
      await sleep(100);
    }
  }
}

/** Runs npm as a person does, who is in no script of this repository. Throws, with what it said, when it fails. */
async function npm(
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const own = Object.entries(process.env).filter(
    ([name]) => name !== 'DSAGE_SERVER' && (!name.startsWith('npm_') || isSetting(name)),
  );
  const child = spawn('npm', args, {
    cwd,
    env: { ...Object.fromEntries(own), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: NPM_TIMEOUT_MS,
  });
  const ran = await finished(child);
  if (ran.code === 0) return ran;
  throw new Error(`npm ${args.join(' ')} ended with ${String(ran.code)}:\n${ran.stdout}\n${ran.stderr}`);
}

/** Such as the registry and the cache, which may be given in the environment; not where the script's package is. */
function isSetting(name: string): boolean {
  return name.startsWith('npm_config_') && name !== 'npm_config_local_prefix';
}

async function processesNaming(path: string): Promise<string[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-ww', '-o', 'args=']);
  return stdout.split('\n').filter((line) => line.includes(path));
}
