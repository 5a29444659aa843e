import { accessSync, constants, statSync } from 'node:fs';
import { basename } from 'node:path';

import { DsageError, messageOf } from '../model/errors.js';
import { MAX_BLOB_BYTES } from '../model/protocol.js';
import { blobToMessage } from '../wire/convert.js';
import type { Attachment } from '../wire/gen/dsage/v1/types.js';
import type { Blobs } from './blobs.js';

/**
 * Files for a task: paths on this machine (each arrives under its last part), or names in the task's folder
 * with a path on this machine or with the bytes themselves.
 */
export type Files = readonly string[] | Readonly<Record<string, string | Uint8Array>>;

/** A file that was found and can be read. */
export interface CheckedFile {
  /** Where it goes, in the task's folder; parts are separated by `/`. */
  readonly path: string;
  readonly source: string | Uint8Array;
}

/**
 * Looks at every file before anything is submitted. Throws `invalid-argument` for a name that leads out of
 * the task's folder, and for a file that is missing, unreadable or no file; `limit-exceeded` for one too large.
 */
export function checkFiles(files: Files | undefined): CheckedFile[] {
  if (files === undefined) return [];
  const named: [string, string | Uint8Array][] = Array.isArray(files)
    ? (files as readonly string[]).map((path) => [basename(path), path])
    : Object.entries(files);
  const seen = new Set<string>();
  return named.map(([path, source]) => {
    checkName(path);
    if (seen.has(path)) {
      throw new DsageError('invalid-argument', `Two of the files would arrive as ${path}.`, {
        hint: "Give them names: { files: { 'first.txt': path1, 'second.txt': path2 } }.",
      });
    }
    seen.add(path);
    checkSize(path, sizeOf(path, source));
    return { path, source };
  });
}

/** Stores the files on the server, unless it has them. */
export async function uploadFiles(files: readonly CheckedFile[], blobs: Blobs): Promise<Attachment[]> {
  const attachments: Attachment[] = [];
  for (const { path, source } of files) {
    const ref = typeof source === 'string' ? await blobs.putFile(source) : await blobs.put(source);
    attachments.push({ path, blob: blobToMessage(ref) });
  }
  return attachments;
}

function checkName(path: string): void {
  const parts = path.split('/');
  const isFine =
    !/[\0\\]/.test(path) &&
    !/^[A-Za-z]:/.test(path) &&
    parts.every((part) => !['', '.', '..'].includes(part));
  if (isFine) return;
  throw new DsageError('invalid-argument', `A file cannot arrive as ${JSON.stringify(path)}.`, {
    hint: "Give it a relative name without '..', such as 'data/input.txt'.",
  });
}

function sizeOf(path: string, source: string | Uint8Array): number {
  if (source instanceof Uint8Array) return source.byteLength;
  try {
    const stat = statSync(source);
    if (!stat.isFile()) throw new Error('it is not a file');
    accessSync(source, constants.R_OK);
    return stat.size;
  } catch (error) {
    throw new DsageError(
      'invalid-argument',
      `The file ${source} (for ${path}) cannot be read: ${messageOf(error)}.`,
      { hint: 'Give the path of a file on this machine, or its bytes.', cause: error },
    );
  }
}

function checkSize(path: string, bytes: number): void {
  if (bytes <= MAX_BLOB_BYTES) return;
  throw new DsageError(
    'limit-exceeded',
    `The file ${path} has ${bytes.toLocaleString('en')} bytes; a file may have ${MAX_BLOB_BYTES.toLocaleString('en')}.`,
    { hint: 'Put it on a disk that the workers see, and pass its path as a value.' },
  );
}
