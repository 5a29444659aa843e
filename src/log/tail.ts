import { open } from 'node:fs/promises';

/** Lines are looked for in this much of the file's end, and no further. */
const MAX_TAIL_BYTES = 1024 * 1024;

/** The last `count` lines of a log file, oldest first; fewer when the file or its last MiB has fewer. */
export async function readTail(file: string, count: number): Promise<string[]> {
  if (count <= 0) return [];
  const handle = await open(file, 'r').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  });
  if (!handle) return [];
  try {
    const { size } = await handle.stat();
    const length = Math.min(size, MAX_TAIL_BYTES);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, size - length);
    const lines = buffer.toString('utf8', 0, bytesRead).split('\n');
    // The first line is whole only when the file was read from its start.
    if (length < size) lines.shift();
    if (lines.at(-1) === '') lines.pop();
    return lines.slice(-count);
  } finally {
    await handle.close();
  }
}
