import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';

import { serverAddress } from '../model/address.js';
import { DsageError } from '../model/errors.js';
import { clusterDirectory } from '../security/directory.js';
import { loadClientFiles } from '../security/load.js';
import { CHANNEL_OPTIONS, clientCredentials } from '../wire/credentials.js';
import type { OpenSession } from '../wire/gen/dsage/v1/client.js';
import { ownHello } from '../wire/hello.js';
import { Blobs } from './blobs.js';
import { DsageConnection } from './dsage.js';
import type { Dsage } from './dsage.js';
import { whole } from './options.js';
import { Rpc } from './rpc.js';
import { Session } from './session.js';

export type { Dsage } from './dsage.js';

export interface ConnectOptions {
  /** `host`, `host:port` or `[v6]:port`; that which runs on the directory, or 127.0.0.1:8081, unless given. */
  readonly server?: string;
  /** Where the user's key and certificate are; `$DSAGE_DIR` unless given, else `~/.sage/dsage`. */
  readonly directory?: string;
  /** Whose certificate it must be; that in the directory is taken as it is unless given. */
  readonly user?: string;
  /** How long the first connect may take, milliseconds; 5,000 unless given. Later ones are tried for ever. */
  readonly connectTimeoutMs?: number;
}

const CONNECT_TIMEOUT_MS = 5_000;

/** The link has a backoff of its own, which the channel's must not add to. */
const OPTIONS = {
  ...CHANNEL_OPTIONS,
  'grpc.initial_reconnect_backoff_ms': 50,
  'grpc.max_reconnect_backoff_ms': 500,
};

/**
 * Connects to a dsage server. The connection comes back by itself when the server restarts; like one to a
 * database it keeps Node alive until `close()`.
 *
 * Throws `setup` for missing or damaged key files, `unavailable` when no server answers in time, `wrong-cluster`,
 * `unauthenticated` and `version-mismatch` at once when the server is there and they do not fit together.
 */
export async function connect(options: ConnectOptions = {}): Promise<Dsage> {
  const server = serverAddress(options.server ?? '127.0.0.1');
  const timeoutMs =
    whole('connectTimeoutMs', options.connectTimeoutMs, [1, 2 ** 31 - 1]) ?? CONNECT_TIMEOUT_MS;
  const directory = clusterDirectory(options.directory);
  const files = loadClientFiles(directory);
  checkUser(options.user, files.identity.name, directory);
  const rpc = new Rpc({ server, credentials: clientCredentials(files), channelOptions: OPTIONS });
  const session = new Session(rpc, greeting());
  try {
    await firstOpened(session, { server, timeoutMs });
  } catch (error) {
    session.stop(new DsageError('closed', 'The connection was never made.'));
    rpc.close();
    throw error;
  }
  return new DsageConnection({ session, rpc, blobs: new Blobs(rpc) }) as Dsage;
}

async function firstOpened(
  session: Session,
  { server, timeoutMs }: { readonly server: string; readonly timeoutMs: number },
): Promise<void> {
  session.start();
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const { lastProblem } = session;
      const silent = new DsageError(
        'unavailable',
        `No dsage server answers at ${server} (nothing within ${timeoutMs} ms).`,
        { hint: 'Start one with `dsage up`, or check the address.' },
      );
      reject(lastProblem ?? silent);
    }, timeoutMs);
  });
  try {
    await Promise.race([session.until(() => session.isConnected), expired]);
  } finally {
    clearTimeout(timer);
  }
}

function checkUser(wanted: string | undefined, actual: string, directory: string): void {
  if (wanted === undefined || wanted === actual) return;
  throw new DsageError('setup', `The certificate in ${directory} is that of ${actual}, not of ${wanted}.`, {
    hint: `Give the directory that has the key pair of ${wanted}.`,
  });
}

function greeting(): OpenSession {
  return {
    hello: ownHello(),
    session: randomUUID(),
    host: hostname(),
    pid: process.pid,
  };
}
