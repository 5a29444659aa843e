/** What the command line sees of the process around it: `bin/dsage.ts` gives the real one. */
export interface Io {
  /** Without the program and the script. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** Aborted at the first Ctrl-C (or SIGTERM) while a command has asked for it with `catchInterrupt`. */
  readonly interrupted: AbortSignal;
  /** From now on the first Ctrl-C aborts `interrupted`; else, and at the second one, the process ends at once. */
  readonly catchInterrupt: () => void;
  /** From now on Ctrl-C (or SIGTERM) only calls this, each time, until the function that it gives is called. */
  readonly onInterrupt: (listener: (signal: 'SIGINT' | 'SIGTERM') => void) => () => void;
}

/** How people want to read it. */
export interface Look {
  readonly colors: boolean;
  /** Columns of the terminal; Infinity where the output is not one. */
  readonly width: number;
}

export function lookOf(stream: NodeJS.WriteStream, env: Io['env']): Look {
  // A pipe has no such property: undefined would mean "as the environment says" to picocolors, and CI says yes.
  const isTerminal = 'isTTY' in stream && stream.isTTY;
  const noColor = (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb';
  return { colors: isTerminal && !noColor, width: isTerminal ? stream.columns || 80 : Infinity };
}
