import { DEFAULT_GRPC_PORT, DEFAULT_WEB_PORT } from '../model/protocol.js';
import type { LogLevel } from '../log/log.js';

/** What a server can be told. Everything but the directory has a default. */
export interface ServerOptions {
  /** `$DSAGE_DIR`: keys, database, blobs, logs. */
  readonly directory: string;
  /** Where gRPC listens; default all addresses of the machine. */
  readonly host?: string;
  /** Default 8081; 0 takes any free port. */
  readonly port?: number;
  /** Where the monitor listens; default 127.0.0.1. Elsewhere than on loopback it speaks HTTPS. */
  readonly webHost?: string;
  /** Default 8082; 0 takes any free port. */
  readonly webPort?: number;
  /** Whether the monitor's overview is open without a login; default false. */
  readonly webPublicStatus?: boolean;
  /** A worker not heard of for this long is lost; default 15,000 ms. */
  readonly leaseMs?: number;
  /** Default 10,000,000. */
  readonly maxWaitingTasks?: number;
  /** Default 200,000. */
  readonly maxUnfinishedJobs?: number;
  /** Default 10,000,000. */
  readonly maxTasksPerJob?: number;
  /** How long a blob that no job uses stays after it was last written or asked for; default one hour. */
  readonly blobGraceMs?: number;
  readonly logLevel?: LogLevel;
  /** Also log to stderr; default false. */
  readonly logToConsole?: boolean;
}

export const SERVER_DEFAULTS = {
  host: '0.0.0.0',
  port: DEFAULT_GRPC_PORT,
  webHost: '127.0.0.1',
  webPort: DEFAULT_WEB_PORT,
  webPublicStatus: false,
  leaseMs: 15_000,
  maxWaitingTasks: 10_000_000,
  maxUnfinishedJobs: 200_000,
  maxTasksPerJob: 10_000_000,
  blobGraceMs: 3_600_000,
  logLevel: 'info',
  logToConsole: false,
} as const satisfies Required<Omit<ServerOptions, 'directory'>>;
