import { DsageError } from '#dsage/model/errors.js';

/** The error that a promise rejects with; throws when it does not reject, or with what is no error. */
export async function rejection(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
  throw new Error('it did not reject');
}

/** The same where it must be an error of dsage: another one is thrown. */
export async function refusal(promise: Promise<unknown>): Promise<DsageError> {
  const error = await rejection(promise);
  if (error instanceof DsageError) return error;
  throw error;
}
