/**
 * One server on one database: a record in `meta` names the process that serves it. It is read and written in
 * LMDB's own write transaction, which is exclusive across processes, so that two servers which start together
 * cannot both take it. A record of a process that is gone does not count, so a `kill -9` leaves nothing behind
 * that blocks the next server.
 */
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { DsageError } from '../../../model/errors.js';
import type { Table } from './keys.js';
import { readText } from './tables.js';

interface Holder {
  readonly token: string;
  readonly pid: number;
  /** When that process started, in the words of its system: a number of a process may come again. */
  readonly started: string;
}

const KEY = Buffer.from('server');
/** Held by this very process. */
const ownTokens = new Set<string>();

/**
 * @returns A function that gives the lock back; harmless when called twice.
 * @throws DsageError `setup` with the pid of the server that holds it.
 */
export function lockForServer(meta: Table, directory: string): () => void {
  const mine: Holder = { token: randomUUID(), pid: process.pid, started: startOf(process.pid) ?? '' };
  const holder = meta.transactionSync(() => {
    const other = readHolder(meta);
    if (other !== undefined && isAlive(other)) return other;
    void meta.put(KEY, Buffer.from(JSON.stringify(mine)));
    return undefined;
  });
  if (holder !== undefined) {
    throw new DsageError(
      'setup',
      `A server (process ${holder.pid}) already uses the database in ${directory}.`,
      {
        hint: `Stop it first (kill ${holder.pid}), or give this server another DSAGE_DIR.`,
      },
    );
  }
  ownTokens.add(mine.token);
  return () => release(meta, mine);
}

function release(meta: Table, mine: Holder): void {
  if (!ownTokens.delete(mine.token)) return;
  meta.transactionSync(() => {
    if (readHolder(meta)?.token === mine.token) void meta.remove(KEY);
  });
}

function readHolder(meta: Table): Holder | undefined {
  const text = readText(meta, 'server');
  return text === undefined ? undefined : (JSON.parse(text) as Holder);
}

function isAlive(holder: Holder): boolean {
  if (ownTokens.has(holder.token)) return true;
  if (holder.pid === process.pid) return false;
  return startOf(holder.pid) === holder.started;
}

/** When a process started; undefined when there is none of that number. */
function startOf(pid: number): string | undefined {
  try {
    // The 22nd field; the second is the program's name in brackets, which may hold anything.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : `${bootOf()}/${fields[19] ?? ''}`;
  } catch {
    return process.platform === 'linux' ? undefined : startByPs(pid);
  }
}

function bootOf(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

function startByPs(pid: number): string | undefined {
  try {
    const started = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    return started === '' ? undefined : started;
  } catch {
    return undefined;
  }
}
