import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { replaceFile } from '../security/exclusive-files.js';

/** What `server.json` in a cluster's directory says while a server runs on it. */
export interface RunningServer {
  readonly pid: number;
  /** Where clients and workers of this machine connect: `127.0.0.1`, or the one address it listens on. */
  readonly host: string;
  readonly port: number;
  /** 0 when the monitor is off. */
  readonly webPort: number;
  /** As a browser finds it; absent where an older server wrote the file. */
  readonly webUrl?: string;
  readonly startedAtMs: number;
}

const FILE_NAME = 'server.json';

export function runFilePath(directory: string): string {
  return join(directory, FILE_NAME);
}

/** Says that a server runs here. The server calls it once it listens. */
export function writeRunFile(directory: string, server: RunningServer): void {
  replaceFile(runFilePath(directory), `${JSON.stringify(server)}\n`, 0o600);
}

/** The server calls it when it stops. Idempotent. */
export function removeRunFile(directory: string): void {
  rmSync(runFilePath(directory), { force: true });
}

/**
 * The server that runs on a directory, as far as its file and its process tell: undefined when there is none,
 * or when the process that the file names is gone. Whether it answers, only a connection shows.
 */
export function runningServer(directory: string): RunningServer | undefined {
  const server = parse(readText(runFilePath(directory)));
  return server !== undefined && isAlive(server.pid) ? server : undefined;
}

/** Where this machine itself reaches a server that listens on `host`: `host:port`. */
export function localAddress(host: string | undefined, port: number): string {
  const isAny = host === undefined || host === '' || host === '0.0.0.0' || host === '::';
  if (isAny) return `127.0.0.1:${String(port)}`;
  return host.includes(':') ? `[${host}]:${String(port)}` : `${host}:${String(port)}`;
}

/** Where this machine itself finds the monitor; empty when it is off. */
export function webUrlOf({ webPort = 0, webUrl = '' }: { webPort?: number; webUrl?: string }): string {
  // HTTPS needs a name that is in the certificate, which the server says.
  if (webUrl.startsWith('https:')) return `${webUrl}/`;
  return webPort === 0 ? '' : `http://127.0.0.1:${String(webPort)}/`;
}

/** Whether a process of that number runs. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It is there, and another user's.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function parse(text: string): RunningServer | undefined {
  try {
    const { pid, host, port, webPort, webUrl, startedAtMs } = JSON.parse(text) as Partial<RunningServer>;
    const isWhole = Number.isInteger(pid) && Number.isInteger(port) && typeof host === 'string';
    if (!isWhole || pid === undefined || pid <= 0 || port === undefined) return undefined;
    const web = { webPort: webPort ?? 0, ...(typeof webUrl === 'string' ? { webUrl } : {}) };
    return { pid, host, port, ...web, startedAtMs: startedAtMs ?? 0 };
  } catch {
    return undefined;
  }
}
