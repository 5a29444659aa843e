import type { ClientDetails, WorkerDetails } from '../../client/administration.js';
import type { Cli } from '../cli.js';
import { type Column, table } from '../format/table.js';
import { ago } from '../format/time.js';
import { workerNumber } from '../ids.js';

export async function listWorkers(cli: Cli): Promise<undefined> {
  const workers = await cli.withServer((d) => d.workers());
  if (cli.json) {
    cli.printJson(workers);
    return;
  }
  const empty = 'No workers. Start one with: dsage-worker --server HOST:PORT';
  cli.print(table(workerColumns(Date.now()), workers, { look: cli.look, empty }));
}

export async function listClients(cli: Cli): Promise<undefined> {
  const clients = await cli.withServer((d) => d.clients());
  if (cli.json) {
    cli.printJson(clients);
    return;
  }
  const now = Date.now();
  const columns: Column<ClientDetails>[] = [
    { title: 'USER', value: ({ user }) => user },
    { title: 'HOST', value: ({ host }) => host, shrinks: true },
    { title: 'PID', value: ({ pid }) => pid, align: 'right' },
    { title: 'CONNECTED', value: ({ connectedAt }) => ago(connectedAt, now) },
    { title: 'DSAGE', value: ({ packageVersion }) => packageVersion },
  ];
  cli.print(table(columns, clients, { look: cli.look, empty: 'No clients.' }));
}

export async function drain(
  cli: Cli,
  [given]: string[],
  { stop = false }: { readonly stop?: boolean },
): Promise<undefined> {
  const worker = workerNumber(given);
  await cli.withServer((d) => d.drainWorker(worker, { stop }));
  if (cli.json) cli.printJson({ draining: worker, stop });
  else
    cli.printLine(
      `Worker ${String(worker)} finishes what it runs and takes nothing new${stop ? '; then it ends' : ''}.`,
    );
}

export async function resumeWorker(cli: Cli, [given]: string[]): Promise<undefined> {
  const worker = workerNumber(given);
  await cli.withServer((d) => d.resumeWorker(worker));
  if (cli.json) cli.printJson({ resumed: worker });
  else cli.printLine(`Worker ${String(worker)} takes tasks again.`);
}

export async function removeWorker(cli: Cli, [given]: string[]): Promise<undefined> {
  const worker = workerNumber(given);
  await cli.withServer((d) => d.removeWorker(worker));
  if (cli.json) cli.printJson({ removed: worker });
  else
    cli.printLine(
      `Worker ${String(worker)} finishes what it runs and ends; if it is away, it is forgotten and what it held waits again.`,
    );
}

function workerColumns(now: number): Column<WorkerDetails>[] {
  return [
    { title: 'WORKER', value: ({ worker }) => worker, align: 'right' },
    { title: 'NAME', value: ({ name }) => name, shrinks: true },
    { title: 'HOST', value: ({ host }) => host, shrinks: true },
    { title: 'USER', value: ({ user }) => user },
    {
      title: 'STATUS',
      value: statusOf,
      color: (worker, colors) => (worker.connected ? colors.green : colors.red),
    },
    {
      title: 'BUSY',
      value: ({ busySlots, slots }) => `${String(busySlots)}/${String(slots)}`,
      align: 'right',
    },
    { title: 'DONE', value: ({ completed }) => completed, align: 'right' },
    { title: 'FAILED', value: ({ failed }) => failed, align: 'right' },
    { title: 'LOAD', value: ({ load1 }) => load1.toFixed(1), align: 'right' },
    { title: 'FREE MIB', value: ({ freeMemoryMb }) => freeMemoryMb, align: 'right' },
    { title: 'SPEED', value: ({ speedMmps }) => speedMmps.toFixed(1), align: 'right' },
    { title: 'SEEN', value: ({ lastSeenAt }) => ago(lastSeenAt, now) },
    { title: 'LABELS', value: ({ labels }) => labels.join(','), shrinks: true, optional: true },
  ];
}

function statusOf({ connected, draining }: WorkerDetails): string {
  if (!connected) return 'away';
  return draining ? 'draining' : 'connected';
}
