import { DsageError } from '../model/errors.js';
import { DEFAULT_GRPC_PORT, DEFAULT_WEB_PORT } from '../model/protocol.js';
import { clusterDirectory } from '../security/directory.js';
import { Program, type StopOptions } from './program.js';
import { localAddress, webUrlOf } from './run-file.js';
import { noteStarted } from './started.js';

export interface ServerOptions {
  /** The cluster's directory, set up already; `$DSAGE_DIR` unless given, else `~/.sage/dsage`. */
  readonly directory?: string;
  /** The address to listen on; all addresses of this machine unless given. */
  readonly host?: string;
  /** 8081 unless given; 0 takes any that is free. */
  readonly port?: number;
  /** The monitor's port: 8082 unless given; 0 takes any that is free. */
  readonly webPort?: number;
  /** Where the monitor listens: 127.0.0.1 unless given; by HTTPS where other machines reach it. */
  readonly webHost?: string;
  /** Whether the monitor's overview is open without a login; it is not unless this is set. */
  readonly webPublicStatus?: boolean;
  /** Whether the server goes on when this process ends; it ends too unless this is set. */
  readonly keep?: boolean;
}

/** A server that runs in a process of its own. */
export interface ServerHandle {
  readonly pid: number;
  readonly directory: string;
  /** `host:port`, for `connect` on this machine. */
  readonly address: string;
  readonly port: number;
  /** Where the monitor answers. */
  readonly webUrl: string;
  /** Resolves when the server's process is gone. */
  readonly ended: Promise<void>;
  /** Drains and ends the server; what it has acknowledged stays. Idempotent. */
  stop(options?: StopOptions): Promise<void>;
}

/**
 * Starts a server and resolves once it listens. Throws `setup` when it does not start: the directory is not set
 * up, a port is in use, another server has the database.
 */
export async function server(options: ServerOptions = {}): Promise<ServerHandle> {
  const directory = clusterDirectory(options.directory);
  const port = checkPort('port', options.port ?? DEFAULT_GRPC_PORT);
  const webPort = checkPort('webPort', options.webPort ?? DEFAULT_WEB_PORT);
  const program = await Program.start({
    program: 'dsage-server',
    args: [
      ...['--directory', directory, '--port', String(port), '--web-port', String(webPort)],
      ...(options.host === undefined ? [] : ['--host', options.host]),
      ...(options.webHost === undefined ? [] : ['--web-host', options.webHost]),
      ...(options.webPublicStatus === true ? ['--web-public-status'] : []),
    ],
    readyEvent: 'listening',
    keep: options.keep ?? false,
  });
  const listening = program.ready.port ?? options.port ?? DEFAULT_GRPC_PORT;
  const handle: ServerHandle = {
    pid: program.pid,
    directory,
    address: localAddress(options.host, listening),
    port: listening,
    webUrl: webUrlOf(program.ready),
    ended: program.ended,
    stop: (stopOptions) => program.stop(stopOptions),
  };
  noteStarted({ kind: 'server', directory, handle, program });
  return handle;
}

/** A port's number, or 0 for any. Throws `invalid-argument`. */
export function checkPort(name: string, port: number): number {
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new DsageError('invalid-argument', `${name} is ${String(port)}.`, {
    hint: 'A port is a whole number from 1 to 65535; 0 takes any that is free.',
  });
}
