import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { waitUntil } from '../support/net.js';
import { Program } from '../support/program.js';

/** Debian installs each version beside the others, and not on the path. */
const DEBIAN = '/usr/lib/postgresql';

export function hasPostgres(): boolean {
  return binaries() !== undefined;
}

/** A PostgreSQL of its own in `directory`, with its default settings (so synced at each commit), on a Unix socket. */
export class Postgres {
  readonly connectionString: string;
  readonly #program: Program;

  private constructor(directory: string) {
    this.connectionString = `postgres:///postgres?host=${encodeURIComponent(directory)}&user=postgres`;
    const [command = '', ...args] = unprivileged(
      'postgres',
      ...['-D', join(directory, 'data'), '-k', directory, '-c', 'listen_addresses='],
    );
    this.#program = new Program({ name: 'postgres', command, args, cwd: directory });
  }

  static async start(directory: string): Promise<Postgres> {
    if (isRoot()) mustRun('chown', 'postgres:', directory);
    const data = ['-D', join(directory, 'data')];
    mustRun(
      ...unprivileged(
        'initdb',
        ...data,
        '--username=postgres',
        '--auth=trust',
        '--encoding=UTF8',
        '--locale=C',
      ),
    );
    const postgres = new Postgres(directory);
    try {
      const [command = '', ...args] = unprivileged('pg_isready', '--quiet', '--host', directory);
      await waitUntil('postgres answers', () => spawnSync(command, args).status === 0);
      return postgres;
    } catch (error) {
      await postgres.stop();
      throw error;
    }
  }

  /** Does not wait for connections that are still open. */
  stop(): Promise<void> {
    return this.#program.stop('SIGINT');
  }
}

/** The folder with the programs of the newest version. */
function binaries(): string | undefined {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a)) : [];
  return versions
    .map((version) => join(DEBIAN, version, 'bin'))
    .find((path) => existsSync(join(path, 'initdb')));
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** A command line that runs a program of PostgreSQL, which refuses to be run by root. */
function unprivileged(name: string, ...args: readonly string[]): string[] {
  const line = [join(binaries() ?? '', name), ...args];
  // Unlike runuser it becomes the program, so that a signal reaches it.
  const as = isRoot() ? ['--reuid=postgres', '--regid=postgres', '--init-groups'] : [];
  // PostgreSQL does not look at its stdin, by which the other programs know that the benchmark has been killed.
  return ['setpriv', '--pdeathsig=INT', ...as, ...line];
}

function mustRun(...[command = '', ...args]: readonly string[]): void {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8', cwd: '/' });
  if (status !== 0) throw new Error(`${[command, ...args].join(' ')}: ${error?.message ?? stderr}`);
}
