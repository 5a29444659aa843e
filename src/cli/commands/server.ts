import { processEnds } from '../../deploy/program.js';
import { localAddress, runningServer } from '../../deploy/run-file.js';
import { DsageError } from '../../model/errors.js';
import type { Cli } from '../cli.js';
import { plural } from '../format/status.js';
import { facts } from '../format/table.js';
import { ago } from '../format/time.js';

/** A server commits what it has and waits for workers that finish what they run. */
const STOP_TIMEOUT_MS = 45_000;
const POLL_MS = 50;

export async function status(cli: Cli): Promise<undefined> {
  await cli.withServer(async (d) => {
    const now = await d.serverStatus();
    const address = await cli.serverAddress();
    if (cli.json) {
      cli.printJson({ address, ...now });
      return;
    }
    const entries: [string, string][] = [
      ['server', `${address}, dsage ${now.packageVersion}, cluster ${now.cluster}`],
      ['started', ago(now.startedAt, Date.now())],
      [
        'workers',
        `${plural(now.workers, 'worker')}, ${String(now.busySlots)} of ${plural(now.slots, 'slot')} busy`,
      ],
      ['clients', String(now.clients)],
      ['unfinished', plural(now.unfinishedJobs, 'job')],
      [
        'speed',
        `${now.tasksPerSecond.toFixed(1)} tasks/s now; ${now.speedMmps.toFixed(1)} million modular multiplications/s in all`,
      ],
      ['memory', `${String(now.memoryMb)} MiB`],
      ['monitor', now.webUrl === '' ? 'off' : now.webUrl],
    ];
    cli.print(facts(entries, cli.look));
  });
}

/** Asks the server to stop, and waits until it has. */
export async function stop(
  cli: Cli,
  _: string[],
  { workers = false }: { readonly workers?: boolean },
): Promise<undefined> {
  const address = await cli.serverAddress();
  const running = runningServer(cli.directory);
  const isLocal = running !== undefined && localAddress(running.host, running.port) === address;
  const count = await cli.withServer(async (d) => {
    const { total } = await d.workerCount();
    await d.stopServer({ workersToo: workers });
    if (!isLocal) {
      const givesUpAt = Date.now() + STOP_TIMEOUT_MS;
      while (d.isConnected() && Date.now() < givesUpAt) {
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
    }
    return total;
  });
  if (isLocal && !(await processEnds(running.pid, STOP_TIMEOUT_MS))) {
    throw new DsageError(
      'timeout',
      `The server (process ${String(running.pid)}) has not ended after ${String(STOP_TIMEOUT_MS / 1000)} s.`,
      {
        hint: `Its log is ${cli.directory}/server.log; kill ${String(running.pid)} ends it, and loses nothing either.`,
      },
    );
  }
  if (cli.json) cli.printJson({ stopped: address, workers: workers ? count : 0 });
  else if (workers)
    cli.printLine(`The server at ${address} has stopped, and ${plural(count, 'worker')} with it.`);
  else
    cli.printLine(
      `The server at ${address} has stopped${count > 0 ? `; ${plural(count, 'worker')} wait for the next one` : ''}.`,
    );
}
