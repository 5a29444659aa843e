import { join } from 'node:path';

/** Where everything is in a cluster's directory, `$DSAGE_DIR`. */
export interface ClusterPaths {
  readonly dir: string;
  /** The CA: certificate and private key, mode 0600. */
  readonly ca: string;
  /** What the server shows, followed by the CA's certificate. */
  readonly serverCertificate: string;
  readonly serverKey: string;
  readonly userKey: string;
  readonly userCertificate: string;
  readonly database: string;
  readonly blobs: string;
  readonly serverLog: string;
  readonly workerLog: string;
  /** Who is logged in to the monitor: hashes of cookies, mode 0600. */
  readonly webSessions: string;
  /** A directory per task while it runs. */
  readonly taskFiles: string;
}

export function clusterPaths(dir: string): ClusterPaths {
  return {
    dir,
    ca: join(dir, 'cacert.pem'),
    serverCertificate: join(dir, 'pubcert.pem'),
    serverKey: join(dir, 'server_key.pem'),
    userKey: join(dir, 'dsage_key'),
    userCertificate: join(dir, 'dsage_key.pub'),
    database: join(dir, 'db'),
    blobs: join(dir, 'blobs'),
    serverLog: join(dir, 'server.log'),
    workerLog: join(dir, 'worker.log'),
    webSessions: join(dir, 'web_sessions.json'),
    taskFiles: join(dir, 'tmp_worker_files'),
  };
}
