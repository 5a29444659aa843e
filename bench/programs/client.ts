// A user's program that uses a cluster of dsage: submits, waits, collects, and says how long it took.

import { connect } from '#dsage/client/connect.js';

import { BoundedInputs } from '../support/bounded-inputs.js';
import { type Command, configuration, serve } from '../support/serve.js';

interface Configuration {
  readonly server: string;
  readonly directory: string;
}

type Figures = Readonly<Record<string, unknown>>;

const d = await connect(configuration<Configuration>());
const identity = (n: number): number => n;
let backlog: { readonly inputs: BoundedInputs; readonly done: () => number } | undefined;

/** A map over a real function, until all its results are here. */
async function map({ tasks }: Command): Promise<Figures> {
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
async function single({ jobs }: Command): Promise<Figures> {
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
async function latency({ samples }: Command): Promise<Figures> {
  const ms: number[] = [];
  for (let sample = 0; sample < Number(samples); sample++) {
    const startMs = performance.now();
    const result = await d('2+2').wait();
    ms.push(performance.now() - startMs);
    if (result !== 4) throw new Error(`2+2 is ${String(result)}`);
  }
  return { ms };
}

/** Begins a map of which so many tasks are always unanswered, and returns once so many are submitted. */
async function fill({ unanswered }: Command): Promise<Figures> {
  let done = (): number => 0;
  const inputs = new BoundedInputs(Number(unanswered), () => done());
  const startMs = performance.now();
  const job = d.map(identity, inputs);
  done = () => job.progress.done;
  backlog = { inputs, done };
  job.wait().catch(() => undefined);
  await inputs.full;
  await job.accepted;
  return { seconds: (performance.now() - startMs) / 1000, job: job.id };
}

/** Answers per second while `fill` keeps the number of unanswered tasks, from now until so many have come. */
async function drain({ answers }: Command): Promise<Figures> {
  if (backlog === undefined) throw new Error('drain comes after fill');
  const { done } = backlog;
  const first = done();
  const startMs = performance.now();
  while (done() < first + Number(answers)) await new Promise((resolve) => setTimeout(resolve, 5));
  return { perSecond: (1000 * (done() - first)) / (performance.now() - startMs) };
}

/** Whether the connection is there and the server answers on it. */
async function status(): Promise<Figures> {
  return { ...(await d.serverStatus()) };
}

serve({ map, single, latency, fill, drain, status });
