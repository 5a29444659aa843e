import type { Failure } from '../model/task.js';
import type { Payload } from '../model/job.js';
import { decodeValue } from '../wire/codec.js';
import { readPayload } from '../wire/payload.js';

/** A reason is read by people: the whole failure is stored beside it. */
const MAX_LENGTH = 500;

/** What a Failure that a worker wrote says happened, in one line. Never throws. */
export function failureMessage(failure: Payload): string {
  try {
    const content = readPayload(failure);
    const value = content.type === 'inline' ? (decodeValue(content.bytes) as Partial<Failure>) : {};
    if (typeof value.message !== 'string') return 'it says nothing more';
    return value.message.length > MAX_LENGTH ? `${value.message.slice(0, MAX_LENGTH)} …` : value.message;
  } catch {
    return 'its failure cannot be read';
  }
}
