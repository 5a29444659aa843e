/** Frees what was cleared and forgotten, some keys at a time, so that the server goes on serving meanwhile. */
import type { JobId } from '../../../model/job.js';
import type { Operation } from './draft.js';
import { blobUseKey, EVERYTHING, isWholeJob, readNumber, under } from './keys.js';
import { readKeys } from './scan.js';
import type { Tables } from './tables.js';

/** Keys removed in one transaction: a few milliseconds of the event loop. */
const KEYS_A_SWEEP = 5_000;

export interface SweepStep {
  readonly operations: readonly Operation[];
  /** Forgotten jobs of which this step leaves nothing. */
  readonly finished: readonly JobId[];
  /** Another step may find more. */
  readonly isMore: boolean;
}

/** @param outdated Keys of `final` whose jobs have been forgotten. */
export function planSweep(tables: Tables, outdated: readonly Buffer[]): SweepStep {
  const operations: Operation[] = outdated.map((key) => ({ table: tables.final, key, value: undefined }));
  const finished: JobId[] = [];
  for (const garbage of readKeys(tables.garbage, EVERYTHING, { limit: KEYS_A_SWEEP })) {
    // A job sorts before its runs, which go with it.
    const isGone = finished.at(-1) === readNumber(garbage);
    if (!isGone) removeUnder(tables, garbage, operations);
    if (operations.length >= KEYS_A_SWEEP) return { operations, finished, isMore: true };
    operations.push({ table: tables.garbage, key: garbage, value: undefined });
    if (isWholeJob(garbage)) finished.push(readNumber(garbage));
  }
  return { operations, finished, isMore: false };
}

function removeUnder(tables: Tables, prefix: Buffer, operations: Operation[]): void {
  const recorded = [tables.answers, tables.ends, tables.failures, tables.output];
  for (const table of isWholeJob(prefix) ? [tables.tasks, ...recorded] : recorded) {
    const limit = KEYS_A_SWEEP - operations.length;
    if (limit <= 0) return;
    for (const key of readKeys(table, under(prefix), { limit }))
      operations.push({ table, key, value: undefined });
  }
  const limit = KEYS_A_SWEEP - operations.length;
  if (limit <= 0) return;
  for (const key of readKeys(tables.job_blobs, under(prefix), { limit: Math.ceil(limit / 2) })) {
    operations.push({ table: tables.job_blobs, key, value: undefined });
    operations.push({ table: tables.blob_uses, key: blobUseKey(key), value: undefined });
  }
}
