import { createInterface } from 'node:readline';

export type Command = Readonly<Record<string, unknown>>;
export type Handler = (command: Command) => Promise<Readonly<Record<string, unknown>>>;

/**
 * The other side of `Program`: answers each JSON line on stdin with a `done` line on stdout, by the handler that
 * its field `do` names, and ends the process when stdin ends or on SIGTERM.
 */
export function serve(handlers: Readonly<Record<string, Handler>>): void {
  const lines = createInterface({ input: process.stdin });
  lines.on('close', () => process.exit(0));
  process.on('SIGTERM', () => process.exit(0));
  lines.on('line', (line) => void answer(handlers, JSON.parse(line) as Command));
  say({ event: 'ready' });
}

/** The configuration that the program was started with, by the name of each value. */
export function configuration(): Readonly<Record<string, unknown>> {
  return JSON.parse(process.argv[2] ?? '{}') as Readonly<Record<string, unknown>>;
}

/** What a user of a cluster needs to connect. */
export function connection(): { readonly server: string; readonly directory: string } {
  const { server, directory } = configuration();
  return { server: String(server), directory: String(directory) };
}

async function answer(handlers: Readonly<Record<string, Handler>>, command: Command): Promise<void> {
  try {
    const handler = handlers[String(command['do'])];
    if (handler === undefined) throw new Error(`there is no command ${String(command['do'])}`);
    say({ event: 'done', ...(await handler(command)) });
  } catch (error) {
    say({ event: 'failed', message: error instanceof Error ? error.message : String(error) });
  }
}

function say(line: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
