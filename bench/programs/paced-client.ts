// Submits tasks at an even pace. Each carries the moment at which it was there to be submitted, on the clock that
// all processes of a machine share.

import { connect } from '#dsage/client/connect.js';

import type { Figures } from '../support/commands.js';
import { type Command, connection, serve } from '../support/serve.js';

const d = await connect(connection());
let endless: { readonly progress: { readonly done: number } } | undefined;

/** Microseconds of the machine's monotonic clock. */
function nowUs(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

async function* moments(tasks: number, perSecond: number): AsyncGenerator<number, void, void> {
  const startUs = nowUs();
  for (let given = 0; given < tasks; given++) {
    const dueUs = startUs + (given * 1e6) / perSecond;
    while (nowUs() < dueUs) await new Promise((resolve) => setTimeout(resolve, 1));
    yield nowUs();
  }
}

async function stream({ tasks, perSecond }: Command): Promise<Figures> {
  const job = d.map((momentUs) => momentUs, moments(Number(tasks), Number(perSecond)));
  return { results: (await job.results()).length };
}

/** The same without an end, until this program ends; `done` says how many have come back. */
async function begin({ perSecond }: Command): Promise<Figures> {
  const job = d.map((momentUs) => momentUs, moments(Infinity, Number(perSecond)));
  job.wait().catch(() => undefined);
  await job.accepted;
  endless = job;
  return {};
}

function done(): Promise<Figures> {
  if (endless === undefined) throw new Error('done comes after begin');
  return Promise.resolve({ tasks: endless.progress.done });
}

serve({ stream, begin, done });
