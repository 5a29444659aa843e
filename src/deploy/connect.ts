import { connect as connectTo, type ConnectOptions, type Dsage } from '../client/connect.js';
import { clusterDirectory } from '../security/directory.js';
import { localAddress, runningServer } from './run-file.js';

/**
 * Connects to a server: to the one that is named, else to the one that runs on this directory, whatever port it
 * took, else to 127.0.0.1:8081. See `ConnectOptions`; throws as the client's own `connect` does.
 */
export async function connect(options: ConnectOptions = {}): Promise<Dsage> {
  if (options.server !== undefined) return connectTo(options);
  const running = runningServer(clusterDirectory(options.directory));
  if (running === undefined) return connectTo(options);
  return connectTo({ ...options, server: localAddress(running.host, running.port) });
}
