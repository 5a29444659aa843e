// The kernel of the self-initialising quadratic sieve. `siever.ts` drives it; the order of calls is: allocate, the
// primes and kn written, setUp; for each `a` its numbers written, prepare; for each polynomial switchSign; for each
// side enterSide; for each block sieveBlock, scanBlock, harvest.

import {
  candidates, factorsOfA, inverseOfA, logs, number, offset, offsetParts, output, outputBytes, primes, sieve, slices,
  squareRoots, step,
} from './sieve/state';

export { allocate, setFactorCount, setLargePrimes, setOutputBytes } from './sieve/state';
export { prepare, setUp } from './sieve/prepare';
export { switchSign } from './sieve/switch';
export { enterSide, sieveBlock } from './sieve/block';
export { scanBlock } from './sieve/scan';
export { splitCofactor } from './sieve/cofactor';
export { harvest, setUnexplained } from './sieve/candidate';

/** Addresses of what is written and read from outside. */
export function primesAt(): usize {
  return primes;
}

export function squareRootsAt(): usize {
  return squareRoots;
}

export function logsAt(): usize {
  return logs;
}

export function slicesAt(): usize {
  return slices;
}

export function numberAt(): usize {
  return number;
}

export function stepAt(): usize {
  return step;
}

export function inverseOfAAt(): usize {
  return inverseOfA;
}

export function offsetAt(): usize {
  return offset;
}

export function offsetPartsAt(): usize {
  return offsetParts;
}

export function factorsOfAAt(): usize {
  return factorsOfA;
}

export function sieveAt(): usize {
  return sieve;
}

/** The candidates' room serves the parts of an `a`, too, which are read before any candidate is found. */
export function partsAt(): usize {
  return candidates;
}

export function outputAt(): usize {
  return output;
}

export function outputLength(): usize {
  return outputBytes;
}
