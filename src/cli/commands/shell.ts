import { join } from 'node:path';
import { start } from 'node:repl';

import * as dsageModule from '../../index.js';
import type { Cli } from '../cli.js';

/** A Node shell with a connection: top-level await, and a history of its own in the cluster's directory. */
export async function shell(cli: Cli): Promise<undefined> {
  await cli.withServer(async (d) => {
    const { stdin, stdout } = cli.io;
    const isTerminal = stdin.isTTY;
    if (isTerminal) {
      const { workers, slots } = await d.serverStatus();
      cli.printLine(
        `Connected to ${await cli.serverAddress()}: ${String(workers)} workers, ${String(slots)} slots.\n` +
          "Try: await d('2+2').wait()   await d.map((n) => n * n, [1, 2, 3]).wait()   .exit",
      );
    }
    const repl = start({
      prompt: isTerminal ? 'dsage> ' : '',
      input: stdin,
      output: stdout,
      terminal: isTerminal,
      useColors: cli.look.colors,
      useGlobal: false,
    });
    Object.assign(repl.context, dsageModule, { d });
    if (isTerminal) {
      // Without a history the shell is as good, so that its trouble is not worth more than a line.
      repl.setupHistory(join(cli.directory, 'shell_history'), (error) => {
        if (error !== null) cli.note(`dsage: no history: ${error.message}`);
      });
    }
    await new Promise<void>((resolve) => repl.once('exit', () => resolve()));
  });
}
