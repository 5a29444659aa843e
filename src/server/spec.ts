import type { BlobStore } from '../blobs/blob-store.js';
import { DsageError } from '../model/errors.js';
import { HIGHEST_PRIORITY, type JobSpec, LOWEST_PRIORITY, type Payload } from '../model/job.js';
import { BLOB_TAG, MAX_BUNDLE_BYTES, MAX_INLINE_BYTES } from '../model/protocol.js';
import { readPayload } from '../wire/payload.js';

const MAX_NAME = 200;
const MAX_LABELS = 32;
const MAX_ATTEMPTS = 1_000;
const MAX_AFTER = 1_000;

/** Refuses what no worker could run or what would harm the server; returns the spec. */
export function checkSpec(spec: JobSpec, blobs: BlobStore): JobSpec {
  checkPriority(spec.priority);
  limit('name', spec.name.length, MAX_NAME, 'characters');
  limit('labels', spec.labels.length, MAX_LABELS, 'labels');
  limit('resources', Object.keys(spec.resources).length, MAX_LABELS, 'resources');
  limit('maxAttempts', spec.limits.maxAttempts, MAX_ATTEMPTS, 'attempts');
  limit('after', spec.after?.length ?? 0, MAX_AFTER, 'jobs');
  limit('program', spec.program.length, 2 * MAX_INLINE_BYTES, 'bytes');
  if (spec.evaluator !== 'javascript') {
    throw new DsageError('invalid-argument', `There is no evaluator "${spec.evaluator}".`, {
      hint: 'Known is: javascript.',
    });
  }
  for (const [name, amount] of Object.entries(spec.resources)) {
    if (Number.isFinite(amount) && amount >= 0) continue;
    throw new DsageError('invalid-argument', `The resource ${name} is ${String(amount)}.`, {
      hint: 'It must be 0 or more.',
    });
  }
  checkBlob(spec.program, 'The program', blobs);
  for (const { path, blob } of spec.attachments)
    if (!blobs.touch(blob)) throw missing(`The attached file ${path}`);
  if (spec.bundle !== undefined) limit('bundle', spec.bundle.sizeBytes, MAX_BUNDLE_BYTES, 'bytes');
  if (spec.bundle !== undefined && !blobs.touch(spec.bundle)) throw missing('The bundle of the program');
  return spec;
}

/** Refuses tasks whose input is a blob that is not here; returns them. Costs the others nothing. */
export function checkInputs(
  payloads: readonly Payload[],
  firstIndex: number,
  blobs: BlobStore,
): readonly Payload[] {
  for (const [i, payload] of payloads.entries()) {
    if (payload[0] === BLOB_TAG) checkBlob(payload, `The input of task ${String(firstIndex + i)}`, blobs);
  }
  return payloads;
}

/** Refuses what a job gave when it is a blob that is not here; returns it. */
export function checkResult(result: Payload, blobs: BlobStore): Payload {
  limit('result', result.length, 2 * MAX_INLINE_BYTES, 'bytes');
  checkBlob(result, 'The result of the job', blobs);
  return result;
}

/** What is here counts as written just now: it stays until the job that names it is stored. */
function checkBlob(payload: Payload, what: string, blobs: BlobStore): void {
  if (payload[0] !== BLOB_TAG) return;
  const content = readPayload(payload);
  if (content.type === 'blob' && !blobs.touch(content.ref)) throw missing(what);
}

function missing(what: string): DsageError {
  return new DsageError('not-found', `${what} is not on the server: it was not uploaded, or too long ago.`, {
    hint: 'Submit it again: what is large is uploaded with it.',
  });
}

export function checkPriority(priority: number): number {
  if (Number.isInteger(priority) && priority >= HIGHEST_PRIORITY && priority <= LOWEST_PRIORITY)
    return priority;
  throw new DsageError('invalid-argument', `The priority is ${String(priority)}.`, {
    hint: 'It goes from 1 (highest) to 5 (lowest).',
  });
}

function limit(field: string, size: number, max: number, unit: string): void {
  if (size <= max) return;
  throw new DsageError(
    'limit-exceeded',
    `The job's ${field} has ${String(size)} ${unit}; the limit is ${String(max)}.`,
    { hint: `Use fewer ${unit}.` },
  );
}
