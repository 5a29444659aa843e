import { DsageError, messageOf } from '../../model/errors.js';
import type { Cli } from '../cli.js';
import { plural } from '../format/status.js';
import { jobIds } from '../ids.js';
import { priority as readPriority } from '../values.js';

/** Stops jobs; says of those that were named and had ended already that they had. */
export async function kill(
  cli: Cli,
  given: string[],
  { all = false, reason }: { readonly all?: boolean; readonly reason?: string },
): Promise<undefined> {
  const ids = jobIds(given);
  needsJobs(ids, all, '--all');
  const killed = await cli.withServer((d) => (all ? d.killAll(reason) : d.kill(ids, reason)));
  if (cli.json) {
    cli.printJson({ killed });
    return;
  }
  for (const id of ids.filter((it) => !killed.includes(it))) cli.note(`Job ${String(id)} had ended already.`);
  cli.printLine(killed.length === 0 ? 'No job was running.' : `Killed ${listed(killed)}.`);
}

export async function rerun(
  cli: Cli,
  given: string[],
  { failed = false }: { readonly failed?: boolean },
): Promise<undefined> {
  const ids = jobIds(given);
  await cli.withServer(async (d) => {
    for (const id of ids) await (await d.job(id)).rerun({ onlyFailed: failed });
  });
  done(
    cli,
    { rerun: ids },
    `${capital(listed(ids))} ${ids.length === 1 ? 'runs' : 'run'} again${failed ? ', only what failed' : ''}.`,
  );
}

export async function pause(cli: Cli, given: string[]): Promise<undefined> {
  const ids = jobIds(given);
  await cli.withServer((d) => d.pause(ids));
  done(cli, { paused: ids }, `Paused ${listed(ids)}; tasks that run go on.`);
}

export async function resume(cli: Cli, given: string[]): Promise<undefined> {
  const ids = jobIds(given);
  await cli.withServer((d) => d.resume(ids));
  done(cli, { resumed: ids }, `Resumed ${listed(ids)}.`);
}

export async function setPriority(cli: Cli, [given = '', ...jobs]: string[]): Promise<undefined> {
  const ids = jobIds(jobs);
  const priority = priorityOf(given);
  await cli.withServer((d) => d.setPriority(ids, priority));
  done(
    cli,
    { priority, jobs: ids },
    `${capital(listed(ids))} ${ids.length === 1 ? 'has' : 'have'} priority ${String(priority)} now.`,
  );
}

/** Commander tells what is wrong with a value only while it reads the options itself. */
function priorityOf(given: string): number {
  try {
    return readPriority(given);
  } catch (error) {
    throw new DsageError('invalid-argument', `'${given}' is no priority.`, { hint: messageOf(error) });
  }
}

export async function forget(
  cli: Cli,
  given: string[],
  { finished = false }: { readonly finished?: boolean },
): Promise<undefined> {
  const ids = jobIds(given);
  needsJobs(ids, finished, '--finished');
  const forgotten = await cli.withServer((d) => d.forget(finished ? 'finished' : ids));
  done(cli, { forgotten }, `Forgot ${plural(forgotten, 'job')}.`);
}

function needsJobs(ids: readonly number[], all: boolean, flag: string): void {
  if (ids.length > 0 !== all) return;
  throw new DsageError('invalid-argument', all ? `Either jobs or ${flag}, not both.` : 'No job is named.', {
    hint: `Give the numbers of jobs, or ${flag}. List jobs with: dsage jobs`,
  });
}

function done(cli: Cli, json: unknown, text: string): void {
  if (cli.json) cli.printJson(json);
  else cli.printLine(text);
}

function listed(ids: readonly number[]): string {
  return `${ids.length === 1 ? 'job' : 'jobs'} ${ids.join(', ')}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
