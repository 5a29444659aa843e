import type { Dsage } from '#dsage/client/connect.js';

import type { Command } from './serve.js';

/** What a program says of a command it was given: figures by name. */
export type Figures = Readonly<Record<string, unknown>>;

/** The function that tasks run: the least that gives an answer of its own. */
export const identity = (n: number): number => n;

/** A map over a real function, until all its results are here. */
export async function map(d: Dsage, { tasks }: Command): Promise<Figures> {
  const inputs = Array.from({ length: Number(tasks) }, (_, index) => index);
  const startMs = performance.now();
  const results = await d.map(identity, inputs).results();
  const perSecond = (1000 * inputs.length) / (performance.now() - startMs);
  if (results.length !== inputs.length || results.some((result, index) => result !== index)) {
    throw new Error('the results are not those of the inputs');
  }
  return { perSecond };
}

/** Separate jobs, started together: until the server has stored all of them, and until all have their results. */
export async function single(d: Dsage, { jobs }: Command): Promise<Figures> {
  const count = Number(jobs);
  const startMs = performance.now();
  const started = Array.from({ length: count }, (_, index) => d(`${index} + 1`));
  await Promise.all(started.map((job) => job.accepted));
  const acceptedMs = performance.now();
  const results = await Promise.all(started.map((job) => job.wait()));
  const endMs = performance.now();
  if (results.some((result, index) => result !== index + 1)) throw new Error('a result is wrong');
  return {
    acceptedPerSecond: (1000 * count) / (acceptedMs - startMs),
    completedPerSecond: (1000 * count) / (endMs - startMs),
  };
}

/** One `d('2+2')` after another. */
export async function latency(d: Dsage, { samples }: Command): Promise<Figures> {
  const ms: number[] = [];
  for (let sample = 0; sample < Number(samples); sample++) {
    const startMs = performance.now();
    const result = await d('2+2').wait();
    ms.push(performance.now() - startMs);
    if (result !== 4) throw new Error(`2+2 is ${String(result)}`);
  }
  return { ms };
}
