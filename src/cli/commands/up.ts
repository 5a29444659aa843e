import { startCluster, type StartedCluster } from '../../deploy/start-all.js';
import { stopAll } from '../../deploy/stop-all.js';
import type { Cli } from '../cli.js';
import { EXIT } from '../exit-codes.js';
import { plural } from '../format/status.js';

interface UpOptions {
  readonly workers: number;
  readonly slots: number;
  readonly host?: string;
  readonly port?: number;
  readonly webPort?: number;
  readonly webHost?: string;
  readonly webPublicStatus?: boolean;
  readonly label: readonly string[];
  readonly detach?: boolean;
}

/** Starts a server and workers; stays until Ctrl-C, or leaves them running with `--detach`. */
export async function up(cli: Cli, _: string[], options: UpOptions): Promise<number> {
  const {
    workers,
    slots,
    host,
    port,
    webPort,
    webHost,
    webPublicStatus,
    label: labels,
    detach = false,
  } = options;
  if (!detach) cli.io.catchInterrupt();
  const cluster = await startCluster({
    ...{ directory: cli.directory, workers, slots, labels, keep: detach },
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port }),
    ...(webPort === undefined ? {} : { webPort }),
    ...(webHost === undefined ? {} : { webHost }),
    ...(webPublicStatus === undefined ? {} : { webPublicStatus }),
  });
  try {
    await tell(cli, cluster, detach);
    return detach ? EXIT.ok : await stay(cli, cluster);
  } finally {
    await cluster.d.close();
    if (!detach) await stopAll();
  }
}

async function tell(cli: Cli, cluster: StartedCluster, detach: boolean): Promise<void> {
  const { address, directory, webUrl, server, workers } = cluster;
  if (cli.json) {
    const pids = workers.map(({ pid }) => pid);
    cli.printLine(
      JSON.stringify({ event: 'up', address, directory, webUrl, server: server?.pid ?? null, workers: pids }),
    );
    return;
  }
  const total = (await cluster.d.workerCount()).total;
  const state = server === undefined ? 'runs already' : 'runs';
  cli.printLine(
    `The server ${state} at ${address}, with ${plural(total, 'worker')}; its files are in ${directory}.`,
  );
  if (webUrl !== '') {
    cli.printLine(`Monitor: ${await cluster.d.webLogin()} (opens once; for another link: dsage web)`);
  }
  cli.printLine(
    detach
      ? 'End it with: dsage stop --workers'
      : 'In another terminal: dsage eval 2+2. Here: Ctrl-C to stop.',
  );
}

/** Until Ctrl-C, or until the server that was started here has ended. */
async function stay(cli: Cli, { server, d }: StartedCluster): Promise<number> {
  const { interrupted } = cli.io;
  const asked = new Promise<'asked'>((resolve) => {
    if (interrupted.aborted) resolve('asked');
    interrupted.addEventListener('abort', () => resolve('asked'), { once: true });
  });
  // The open connection keeps this process alive meanwhile.
  const outcome = await (server === undefined
    ? asked
    : Promise.race([asked, server.ended.then(() => 'ended' as const)]));
  if (outcome === 'asked') {
    cli.note('dsage: stopping; what does not run yet stays in the database (Ctrl-C again to leave at once)');
    return EXIT.ok;
  }
  await d.close({ timeoutMs: 1 });
  cli.note('dsage: the server has ended');
  return EXIT.ok;
}
