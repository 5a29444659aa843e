import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/**
 * Where a cluster's files are: `directory` when it is given, else `$DSAGE_DIR`, else `~/.sage/dsage`; always
 * as an absolute path.
 *
 * This is the one look into the environment outside of the programs: a script that says `dsage.connect()` and
 * a program that is started beside it must mean the same cluster.
 */
export function clusterDirectory(directory?: string): string {
  // eslint-disable-next-line no-restricted-properties
  const fromEnvironment = process.env['DSAGE_DIR'];
  const chosen = directory ?? (fromEnvironment === '' ? undefined : fromEnvironment);
  return resolve(chosen ?? join(homedir(), '.sage', 'dsage'));
}
