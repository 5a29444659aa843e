import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { type REPLServer, start } from 'node:repl';
import type { Context } from 'node:vm';

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
    // The end of a pipe must not overtake what is still being evaluated.
    const input = new PassThrough();
    const repl = start({
      prompt: isTerminal ? 'dsage> ' : '',
      input: isTerminal ? stdin : input,
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
    const finished = evaluateInOrder(repl);
    if (!isTerminal) {
      stdin.on('end', () => {
        // The last line may lack its end.
        input.write('\n');
        void finished().then(() => input.end());
      });
      stdin.pipe(input, { end: false });
    }
    await new Promise<void>((resolve) => repl.once('exit', () => resolve()));
  });
}

type Evaluate = (code: string, context: Context, file: string, done: Done) => void;
type Done = (error: Error | null, result?: unknown) => void;

/**
 * Node's shell goes on to the next line while one awaits, when its input is a pipe. Returns a function whose
 * promise resolves when all lines so far have been evaluated.
 */
function evaluateInOrder(repl: REPLServer): () => Promise<void> {
  const evaluate = repl.eval.bind(repl) as Evaluate;
  let last = Promise.resolve();
  const inOrder: Evaluate = (code, context, file, done) => {
    last = last.then(
      () =>
        new Promise((resolve) => {
          evaluate(code, context, file, (error, result) => {
            done(error, result);
            resolve();
          });
        }),
    );
  };
  Object.assign(repl, { eval: inOrder });
  return async () => {
    for (let seen: unknown; seen !== last;) {
      seen = last;
      await last;
      // What was read last may not have come here yet.
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
}
