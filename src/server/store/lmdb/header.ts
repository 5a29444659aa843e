/** A look at the file before LMDB maps it: lmdb 3.5 ends the process on a file that is none of LMDB's. */
import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';

import { DsageError } from '../../../model/errors.js';

/** Where LMDB's first page says what it is: a magic number, then the version of LMDB's own format. */
const MAGIC_AT = 24;
const MAGIC = 0xbeefc0de;
const VERSION_AT = 28;
const LMDB_FORMAT = 2;
const PAGE_SIZE_AT = 48;
const HEADER_BYTES = 52;

/** @throws DsageError `setup` when there is a file that LMDB cannot have written. */
export function checkHeader(file: string): void {
  // LMDB makes an empty file before it writes its first pages: one that was killed in between left nothing.
  if (!existsSync(file) || statSync(file).size === 0) return;
  const header = readHeader(file);
  // LMDB writes the byte order of its machine; it says itself that files don't travel to one of another.
  if (header.length < HEADER_BYTES || header.readUInt32LE(MAGIC_AT) !== MAGIC) {
    throw cannotOpen(file, 'it is not an LMDB database');
  }
  const version = header.readUInt32LE(VERSION_AT);
  if (version !== LMDB_FORMAT) {
    throw cannotOpen(
      file,
      `it has version ${version} of LMDB's format, and version ${LMDB_FORMAT} is needed`,
    );
  }
  if (statSync(file).size < 2 * header.readUInt32LE(PAGE_SIZE_AT))
    throw cannotOpen(file, 'it has been cut off');
}

export function cannotOpen(file: string, reason: string, cause?: unknown): DsageError {
  return new DsageError('setup', `${file} cannot be opened: ${reason}.`, {
    hint: 'If it is not a database of dsage, or is damaged, move it away and start again, or put a backup in its place.',
    cause,
  });
}

function readHeader(file: string): Buffer {
  const descriptor = openSync(file, 'r');
  try {
    const header = Buffer.alloc(HEADER_BYTES);
    return header.subarray(0, readSync(descriptor, header, 0, HEADER_BYTES, 0));
  } finally {
    closeSync(descriptor);
  }
}
