import { DsageError } from '../../model/errors.js';
import type { Cli } from '../cli.js';
import { jobId } from '../ids.js';
import { copyOutput } from '../output.js';

interface LogsFlags {
  readonly follow?: boolean;
  readonly task?: number;
  readonly serverLog?: boolean;
  readonly worker?: number;
  readonly lines: number;
}

export async function logs(cli: Cli, [given]: string[], flags: LogsFlags): Promise<undefined> {
  const { follow = false, task, serverLog = false, worker, lines } = flags;
  if (given !== undefined) return jobOutput(cli, jobId(given), { follow, task });
  if (!serverLog && worker === undefined) {
    throw new DsageError('invalid-argument', 'There is nothing to show the log of.', {
      hint: 'Name a job (dsage logs 12), a worker (--worker 1) or the server (--server-log).',
    });
  }
  if (follow) {
    throw new DsageError('invalid-argument', 'Only the output of a job can be followed.', {
      hint: `The files themselves can: tail -f ${cli.directory}/${serverLog ? 'server' : 'worker'}.log`,
    });
  }
  const found = await cli.withServer((d) => (serverLog ? d.serverLog(lines) : d.workerLog(lines, worker)));
  for (const line of found) cli.printLine(cli.json ? line : readable(line));
  return;
}

async function jobOutput(
  cli: Cli,
  id: number,
  { follow, task }: { readonly follow: boolean; readonly task: number | undefined },
): Promise<undefined> {
  await cli.withServer(async (d) => {
    const job = await d.job(id);
    const { taskCount } = await d.jobInfo(id);
    const pieces = job.follow({ follow, ...(task === undefined ? {} : { index: task }) });
    if (!cli.json) {
      await copyOutput(cli, pieces, { names: taskCount > 1 && task === undefined });
      return;
    }
    for await (const piece of pieces) cli.printLine(JSON.stringify(piece));
  });
}

/** `2026-01-31T12:00:00.000Z info  the server listens port=8081`, of a line of JSON. */
function readable(line: string): string {
  let entry: Record<string, unknown>;
  try {
    entry = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return line;
  }
  const { timestamp = '', level = '', message = '', stack, ...fields } = entry;
  const details = Object.entries(fields).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  const head = [String(timestamp), String(level).padEnd(5), String(message), ...details].join(' ');
  return typeof stack === 'string' ? `${head}\n${stack}` : head;
}
