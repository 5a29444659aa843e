import { existsSync } from 'node:fs';

import { DsageError } from '../model/errors.js';
import type { UserRecord } from '../model/user.js';
import { ensureClusterFiles } from '../security/files.js';
import { loadCa, loadServerFiles, type TlsFiles } from '../security/load.js';
import { type ClusterPaths, clusterPaths } from '../security/paths.js';
import type { KeyPairPem } from '../security/pki.js';

export interface ServerFiles {
  readonly paths: ClusterPaths;
  readonly tls: TlsFiles;
  readonly ca: KeyPairPem;
  /** The holder of dsage_key: the admin of a database that has no users yet. */
  readonly firstUser: Omit<UserRecord, 'createdAtMs'>;
}

/** The server's own files, its certificate renewed when it runs out soon. Throws `setup` where `dsage setup` has not run. */
export async function ensureServerFiles(directory: string): Promise<ServerFiles> {
  const paths = clusterPaths(directory);
  if (!existsSync(paths.ca)) {
    throw new DsageError('setup', `There is no cluster in ${directory}: cacert.pem is missing.`, {
      hint: 'Run `dsage setup` first, or choose the directory with --directory or DSAGE_DIR.',
    });
  }
  const { user } = await ensureClusterFiles(directory);
  const { certificatePem, keyPem } = loadCa(directory);
  return {
    paths,
    tls: loadServerFiles(directory),
    ca: { certificatePem, keyPem },
    firstUser: { name: user.name, role: 'admin', enabled: true, serials: [user.serial] },
  };
}
