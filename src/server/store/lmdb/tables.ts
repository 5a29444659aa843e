/** The LMDB environment: one file, one table for each kind of record, and the version of its format. */
import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { open } from 'lmdb';

import { DsageError, messageOf } from '../../../model/errors.js';
import { cannotOpen, checkHeader } from './header.js';
import type { RootTable, Table } from './keys.js';

/** Raised when a version of dsage writes what an older one cannot read. */
const FORMAT_VERSION = 2;

/** The file that holds everything, in the database's directory; LMDB keeps its lock.mdb beside it. */
export const DATA_FILE = 'data.mdb';

const TABLE_NAMES = [
  /** Text -> text: the format, the highest numbers given, the server that has it open. */
  'meta',
  /** Job -> JobHead. */
  'jobs',
  /** Job -> JobState. */
  'job_states',
  /** (Session, seq) -> job. */
  'submissions',
  /** Job -> nothing. */
  'unfinished',
  /** (Expiry, job) -> ttlMs. May hold entries that no longer apply: they are checked when they fall due. */
  'final',
  /** Job -> Run, once it is not the first any more. */
  'runs',
  /** (Job, index) -> payload. */
  'tasks',
  /** (Job, run, ordinal) -> index and record. */
  'answers',
  /** (Job, run, index) -> end. */
  'ends',
  /** (Job, run, index, attempt) -> failure. */
  'failures',
  /** (Job, run, index, attempt, chunk) -> output. */
  'output',
  /** (Job, run or EVERY_RUN, hash) -> nothing: the blobs that a job uses. */
  'job_blobs',
  /** (Hash, job, run or EVERY_RUN) -> nothing: the same, to be found by the blob. */
  'blob_uses',
  'grants',
  'workers',
  /** Instance -> worker's number. */
  'instances',
  'users',
  /** (Job) or (job, run) -> nothing: what is deleted and still takes up space. */
  'garbage',
] as const;

export type Tables = Readonly<Record<(typeof TABLE_NAMES)[number], Table>>;

export interface Environment {
  readonly root: RootTable;
  readonly tables: Tables;
}

/**
 * Opens the environment in `directory` and makes it where there is none.
 *
 * The settings, each for a reason that test/unit/server/store/lmdb-durability.test.ts or a measurement gave:
 * - `overlappingSync: false` is LMDB's own way of committing: pages, fdatasync, then the meta page, synced too.
 *   It was faster here than lmdb's overlapping one, and a commit is not visible before it is durable.
 * - `eventTurnBatching: false`: a transaction is exactly what `batch` puts into one, and starts at once.
 *
 * @throws DsageError `setup` when the directory cannot be used, or what is in it is not our database.
 */
export function openEnvironment(directory: string): Environment {
  prepareDirectory(directory);
  checkHeader(join(directory, DATA_FILE));
  const root = openRoot(directory);
  try {
    const isEmpty = !root.getKeys({ limit: 1 })[Symbol.iterator]().next().value;
    const meta = openTable(root, 'meta');
    checkFormat(directory, { meta, isEmpty });
    // In one transaction: making them one by one would wait for the disk as often.
    const entries = root.transactionSync(() => TABLE_NAMES.map((name) => [name, openTable(root, name)]));
    return { root, tables: Object.fromEntries(entries) as Tables };
  } catch (thrown) {
    void root.close();
    throw thrown;
  }
}

function prepareDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
    const file = join(directory, DATA_FILE);
    if (existsSync(file)) accessSync(file, constants.R_OK | constants.W_OK);
  } catch (thrown) {
    throw new DsageError(
      'setup',
      `The database directory ${directory} cannot be written: ${messageOf(thrown)}.`,
      {
        hint: 'Give this user the right to write there, or choose another DSAGE_DIR.',
        cause: thrown,
      },
    );
  }
}

function openRoot(directory: string): RootTable {
  try {
    return open<Uint8Array, Buffer>({
      path: directory,
      noSubdir: false,
      maxDbs: TABLE_NAMES.length + 8,
      encoding: 'binary',
      keyEncoding: 'binary',
      overlappingSync: false,
      eventTurnBatching: false,
      compression: false,
    });
  } catch (thrown) {
    throw cannotOpen(join(directory, DATA_FILE), messageOf(thrown), thrown);
  }
}

function openTable(root: RootTable, name: string): Table {
  return root.openDB<Uint8Array, Buffer>({ name, encoding: 'binary', keyEncoding: 'binary' });
}

function checkFormat(directory: string, database: { readonly meta: Table; readonly isEmpty: boolean }): void {
  const { meta, isEmpty } = database;
  const written = readText(meta, 'format');
  if (written === undefined && isEmpty) {
    meta.transactionSync(() => void meta.put(Buffer.from('format'), Buffer.from(String(FORMAT_VERSION))));
    return;
  }
  if (written === undefined) {
    throw new DsageError(
      'setup',
      `${join(directory, DATA_FILE)} is an LMDB database, but not one of dsage.`,
      {
        hint: 'Move it away, or choose another DSAGE_DIR.',
      },
    );
  }
  if (Number(written) !== FORMAT_VERSION) {
    throw new DsageError(
      'setup',
      `The database in ${directory} has format ${written}; this version of dsage reads and writes format ${FORMAT_VERSION}.`,
      {
        hint:
          Number(written) > FORMAT_VERSION
            ? 'Install the newer version of dsage that wrote it, or choose another DSAGE_DIR.'
            : 'Choose another DSAGE_DIR, or finish the work in it with the version of dsage that wrote it.',
      },
    );
  }
}

/** Text in `meta`. */
export function readText(meta: Table, name: string): string | undefined {
  return meta.get(Buffer.from(name))?.toString();
}
