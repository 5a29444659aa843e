// Submits tasks at an even pace. Each carries the moment at which it was there to be submitted, on the clock that
// all processes of a machine share.

import { connect } from '#dsage/client/connect.js';

import { type Command, connection, serve } from '../support/serve.js';

const d = await connect(connection());

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

async function stream({ tasks, perSecond }: Command): Promise<{ results: number }> {
  const job = d.map((momentUs) => momentUs, moments(Number(tasks), Number(perSecond)));
  return { results: (await job.results()).length };
}

serve({ stream });
