import { DsageError } from '../model/errors.js';

/** Numbers of jobs from the command line; `#12` is taken as 12. */
export function jobIds(texts: readonly string[]): number[] {
  return texts.map(jobId);
}

export function jobId(text: string | undefined): number {
  return numberOf(text, 'job', 'List jobs with: dsage jobs');
}

export function workerNumber(text: string | undefined): number {
  return numberOf(text, 'worker', 'List workers with: dsage workers');
}

function numberOf(text = '', what: string, hint: string): number {
  const number = Number(text.replace(/^#/, ''));
  if (Number.isSafeInteger(number) && number >= 1) return number;
  throw new DsageError('invalid-argument', `'${text}' is not the number of a ${what}.`, { hint });
}
