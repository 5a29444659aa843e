import { DsageError } from '../model/errors.js';
import type { Evaluator } from './evaluator.js';
import { javascript } from './javascript.js';

const EVALUATORS: ReadonlyMap<string, Evaluator> = new Map([['javascript', javascript]]);

/** The evaluator of that name. Throws `setup` when this worker has none. */
export function evaluatorNamed(name: string): Evaluator {
  const evaluator = EVALUATORS.get(name);
  if (evaluator !== undefined) return evaluator;
  throw new DsageError(
    'setup',
    `This worker has no evaluator '${name}'; it has ${[...EVALUATORS.keys()].join(', ')}.`,
  );
}
