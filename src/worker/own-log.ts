import { createLog, type Logger } from '../log/log.js';
import { readTail } from '../log/tail.js';
import { messageOf } from '../model/errors.js';

/** A log which several workers may share: every line says which process wrote it. */
export function openOwnLog(file: string, { name, verbose }: { name: string; verbose: boolean }): Logger {
  const log = createLog({ file, level: verbose ? 'debug' : 'info', console: verbose });
  log.defaultMeta = { pid: process.pid, worker: name };
  return log;
}

/** The last lines that this process wrote to a log which several workers may share. Never rejects. */
export async function ownLogLines(file: string, count: number): Promise<string[]> {
  const mine = `"pid":${String(process.pid)}`;
  try {
    const lines = await readTail(file, Infinity);
    return lines.filter((line) => line.includes(mine)).slice(-count);
  } catch (error) {
    return [`The log ${file} cannot be read: ${messageOf(error)}`];
  }
}
