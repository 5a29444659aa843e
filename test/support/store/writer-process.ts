/** Runs writer.ts and reads what it says. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const WRITER = fileURLToPath(new URL('writer.ts', import.meta.url));

export const ACKNOWLEDGED = /^\d+ \d+$/;

export interface WriterOptions {
  readonly directory: string;
  readonly tasksAJob: number;
  /** After how many jobs it ends by itself. */
  readonly limit?: number;
  /** A program and its arguments that start Node, such as `prlimit --fsize=…`. */
  readonly wrapper?: readonly string[];
}

export interface WriterProcess {
  /** SIGKILL, to the wrapper too. */
  kill(): void;
  /** What it printed so far, line by line. */
  readonly lines: readonly string[];
  /** The jobs whose commits were acknowledged. */
  acknowledged(): { readonly job: number; readonly tookMs: number }[];
  /** Resolves once that many lines have been printed, or the process has ended. */
  printed(count: number): Promise<void>;
  /** Resolves with the exit code once the process has ended and all that it said has been read. */
  ended(): Promise<number | null>;
}

export function startWriter({ directory, tasksAJob, limit, wrapper = [] }: WriterOptions): WriterProcess {
  const command = [...wrapper, process.execPath, '--import', 'tsx', WRITER, directory, String(tasksAJob)];
  if (limit !== undefined) command.push(String(limit));
  const [program = '', ...args] = command;
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout });
  reader.on('line', (line) => lines.push(line));
  const closed = once(child, 'close').then(([code]) => code as number | null);
  return {
    lines,
    kill: () => {
      // The whole group: strace would leave the program that it traces.
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
        process.kill(-child.pid, 'SIGKILL');
      }
    },
    acknowledged: () =>
      lines
        .filter((line) => ACKNOWLEDGED.test(line))
        .map((line) => line.split(' ').map(Number))
        .map(([job = 0, tookMs = 0]) => ({ job, tookMs })),
    printed: async (count) => {
      while (
        lines.length < count &&
        (await Promise.race([once(reader, 'line'), closed.then(() => 0)])) !== 0
      );
    },
    ended: () => closed,
  };
}
