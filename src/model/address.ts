import { DsageError } from './errors.js';
import { DEFAULT_GRPC_PORT } from './protocol.js';

/** `host:port` of what a user wrote: the port may be left out, IPv6 addresses are written `[::1]`. Throws `invalid-argument`. */
export function serverAddress(server: string): string {
  const match = /^(?<host>\[[0-9a-fA-F:.]+\]|[^\s:[\]/]+)(?::(?<port>\d+))?$/.exec(server);
  const host = match?.groups?.['host'];
  const port = Number(match?.groups?.['port'] ?? DEFAULT_GRPC_PORT);
  if (host !== undefined && port >= 1 && port <= 65_535) return `${host}:${String(port)}`;
  throw new DsageError('invalid-argument', `${JSON.stringify(server)} is not the address of a server.`, {
    hint: 'Write host:port with a port from 1 to 65535, such as 127.0.0.1:8081.',
  });
}
