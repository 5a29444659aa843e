// A user's program that uses a cluster of dsage: submits, waits, collects, and says how long it took.

import { connect } from '#dsage/client/connect.js';

import { BoundedInputs } from '../support/bounded-inputs.js';
import { type Figures, identity, latency, map, single } from '../support/commands.js';
import { type Command, connection, serve } from '../support/serve.js';

const d = await connect(connection());
let backlog: { readonly inputs: BoundedInputs; readonly done: () => number } | undefined;

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

serve({
  map: (command) => map(d, command),
  single: (command) => single(d, command),
  latency: (command) => latency(d, command),
  fill,
  drain,
});
