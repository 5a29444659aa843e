import { accessSync, constants, existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

import { DsageError, messageOf } from '../model/errors.js';
import type { Identity, UserRecord } from '../model/user.js';
import { clusterDirectory } from '../security/directory.js';
import { ensureClusterFiles } from '../security/files.js';
import { loadServerFiles } from '../security/load.js';
import { LmdbStore } from '../server/store/lmdb.js';

export interface SetupOptions {
  /** Where the files go; `$DSAGE_DIR` unless given, else `~/.sage/dsage`. */
  readonly directory?: string;
  /** The default user, an admin; named after whoever runs this unless given. */
  readonly user?: string;
  /** Names and addresses by which other machines reach this server, beside those that this machine knows of. */
  readonly hosts?: readonly string[];
}

export interface SetupReport {
  readonly directory: string;
  /** What was made or renewed, `user NAME` for the user in the database; empty when all was there. */
  readonly created: readonly string[];
  readonly user: string;
  /** The name of the cluster: equal on all its machines. */
  readonly cluster: string;
}

/**
 * Makes what is missing of a cluster in a directory: the CA, the server's and the user's keys and certificates,
 * the database and the default user in it. It can be called any number of times, also beside a running server,
 * and never overwrites a key. Throws `setup`, naming the file or directory and what to do, when something is
 * damaged, does not fit, or cannot be written.
 */
export async function setup(options: SetupOptions = {}): Promise<SetupReport> {
  const directory = clusterDirectory(options.directory);
  const { user, hosts } = options;
  makeDirectory(directory);
  const files = await ensureClusterFiles(directory, {
    ...(user === undefined ? {} : { user }),
    ...(hosts === undefined ? {} : { hosts }),
  });
  if (user !== undefined && user !== files.user.name) throw otherUser(directory, files.user.name, user);
  const wasMissing = await ensureUser(files.paths.database, files.user);
  return {
    directory,
    created: [...files.created, ...(wasMissing ? [`user ${files.user.name}`] : [])],
    user: files.user.name,
    cluster: loadServerFiles(directory).cluster,
  };
}

/**
 * As `mkdir -p`. Not with Node's `recursive`, which tries for ever below a directory that takes no new names
 * and says so with ENOENT, as /proc does.
 */
function makeDirectory(directory: string): void {
  try {
    const missing: string[] = [];
    for (let path = directory; !existsSync(path); path = dirname(path)) missing.unshift(path);
    for (const path of missing) mkdirSync(path, { mode: 0o700 });
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
    if (!statSync(directory).isDirectory()) throw new Error('it is a file');
  } catch (error) {
    throw new DsageError('setup', `The directory ${directory} cannot be used: ${messageOf(error)}.`, {
      hint: 'Set DSAGE_DIR (or --directory) to one that you may write to.',
      cause: error,
    });
  }
}

/** Whether the user, or this certificate of the user, was missing in the database. */
async function ensureUser(database: string, identity: Identity): Promise<boolean> {
  const { name, role, serial } = identity;
  if (role === 'server') {
    throw new DsageError('setup', 'The certificate in dsage_key.pub is that of a server.', {
      hint: 'Move dsage_key.pub away and run `dsage setup` again.',
    });
  }
  // Shared: a server may have the database open.
  const store = LmdbStore.open(database, { shared: true });
  try {
    const known = store.users().find((user) => user.name === name);
    if (known?.serials.includes(serial) === true) return false;
    const user: UserRecord = known ?? { name, role, enabled: true, createdAtMs: Date.now(), serials: [] };
    await store.commit([{ type: 'put-user', user: { ...user, serials: [...user.serials, serial] } }]);
    return true;
  } finally {
    await store.close();
  }
}

function otherUser(directory: string, present: string, wanted: string): DsageError {
  return new DsageError('setup', `${directory} belongs to the user ${present}, not to ${wanted}.`, {
    hint: `Add ${wanted} with \`dsage user add ${wanted} --csr FILE\`, or set DSAGE_DIR to another directory.`,
  });
}
