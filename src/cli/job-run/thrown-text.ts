import { messageOf } from '../../model/errors.js';
import { userFrames } from '../user-frames.js';

/** What a user's own code threw, with where: `RangeError: no (at new Sieve (/home/me/sieve.ts:3:9))`. */
export function thrownText(error: unknown): string {
  const what = error instanceof Error ? `${error.name}: ${error.message}` : messageOf(error);
  const [frame] = userFrames(error);
  return frame === undefined ? what : `${what} (${frame})`;
}
