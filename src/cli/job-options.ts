import type { Command } from 'commander';

import type { JobOptions } from '../client/options.js';
import { jobIds } from './ids.js';
import { count, durationMs, keyValue, label, priority } from './values.js';

/** What a command that submits a job may be told about it. */
export interface JobFlags {
  readonly name?: string;
  readonly priority?: number;
  readonly timeLimit?: number;
  readonly memory?: number;
  readonly attempts?: number;
  readonly label: readonly string[];
  readonly resource: Readonly<Record<string, number>>;
  readonly file?: string[];
  readonly after?: string[];
}

/** @param last the argument that `--after` is written behind, since it takes all that follows */
export function withJobOptions(command: Command, last: string): Command {
  return command
    .option('--name <name>', 'shown in tables')
    .option('--priority <n>', '1 (highest) to 5', priority)
    .option('--time-limit <time>', 'of one attempt, such as 90s, 5m, 2h', durationMs)
    .option('--memory <MiB>', 'of one attempt', count)
    .option('--attempts <n>', 'how many may fail before a task does (default: 3)', count)
    .option('--label <name>', 'a label that the worker must have; can be repeated', label, [])
    .option('--resource <name=n>', 'what a task takes of a worker; can be repeated', keyValue, {})
    .option('--after <id...>', `jobs that must be completed before; write it behind the ${last}`)
    .option('--file <path...>', "files to put into each task's directory");
}

export function jobOptions(flags: JobFlags): JobOptions {
  const { name, priority, timeLimit, memory, attempts, file, after } = flags;
  return {
    ...{ labels: flags.label, resources: flags.resource },
    ...(name === undefined ? {} : { name }),
    ...(priority === undefined ? {} : { priority }),
    ...(timeLimit === undefined ? {} : { timeoutMs: timeLimit }),
    ...(memory === undefined ? {} : { memoryMb: memory }),
    ...(attempts === undefined ? {} : { maxAttempts: attempts }),
    ...(file === undefined ? {} : { files: file }),
    ...(after === undefined ? {} : { after: jobIds(after) }),
  };
}
