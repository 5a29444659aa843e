import { spawn } from 'node:child_process';

export interface TimedCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** What it reads on stdin. */
  readonly input?: string;
  /** It is ended then. */
  readonly limitS?: number;
}

export interface CommandTime {
  readonly wallS: number;
  /** User and system time of the command, and of what it started and waited for. */
  readonly processorS: number;
  /** What it printed on stdout; undefined when it was ended at its limit. */
  readonly output: string | undefined;
}

const DAY_S = 86_400;
/** How `timeout` of coreutils ends then. */
const ENDED_AT_LIMIT = 124;

/** From the start of a command to its end. Rejects when it fails or prints nothing. */
export function timeCommand(timed: TimedCommand): Promise<CommandTime> {
  const { command, args, env, cwd, input = '', limitS = DAY_S } = timed;
  // Node does not say what a child took of the processor; bash does. In the foreground, Ctrl-C reaches the command.
  const script = 'TIMEFORMAT="%U %S"; time timeout --foreground "$@"';
  const startMs = performance.now();
  const child = spawn('bash', ['-c', script, 'bash', String(limitS), command, ...args], {
    env: { ...process.env, LC_ALL: 'C', ...env },
    ...(cwd === undefined ? {} : { cwd }),
  });
  child.stdin.end(input);
  let [output, errors] = ['', ''];
  child.stdout.on('data', (data: Buffer) => (output += data.toString()));
  child.stderr.on('data', (data: Buffer) => (errors += data.toString()));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      const wallS = (performance.now() - startMs) / 1000;
      const [user = NaN, system = NaN] = errors.trimEnd().split('\n').at(-1)?.split(' ').map(Number) ?? [];
      const processorS = user + system;
      if (code === ENDED_AT_LIMIT) resolve({ wallS, processorS, output: undefined });
      else if (code === 0 && output.trim() !== '') resolve({ wallS, processorS, output });
      else reject(new Error(`${command} ended with ${String(code)}: ${output}${errors}`));
    });
  });
}
