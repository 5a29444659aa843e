// A client of graphile-worker: adds jobs and waits until they are done.

import { makeWorkerUtils } from 'graphile-worker';

import { type Command, configuration, serve } from '../support/serve.js';

/** How often the database is asked whether jobs are left: costs little, and is short beside what is measured. */
const POLL_MS = 10;

const utils = await makeWorkerUtils({ connectionString: String(configuration()['connectionString']) });
await utils.migrate();

/** There are no results to collect: a job that is done is deleted. */
async function throughput({ tasks }: Command): Promise<{ perSecond: number }> {
  const count = Number(tasks);
  const jobs = Array.from({ length: count }, (_, payload) => ({ identifier: 'noop', payload }));
  const startMs = performance.now();
  await utils.addJobs(jobs);
  while (await isAnyLeft()) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  return { perSecond: (1000 * count) / (performance.now() - startMs) };
}

function isAnyLeft(): Promise<boolean> {
  return utils.withPgClient(async (client) => {
    const { rows } = await client.query<{ any: boolean }>(
      'select exists (select from graphile_worker.jobs) as any',
    );
    return rows[0]?.any === true;
  });
}

function latency({ samples }: Command): Promise<{ ms: number[] }> {
  return utils.withPgClient(async (client) => {
    let heard: () => void = () => undefined;
    const onNotification = (): void => heard();
    client.on('notification', onNotification);
    await client.query('listen echo');
    const ms: number[] = [];
    for (let sample = 0; sample < Number(samples); sample++) {
      const told = new Promise<void>((resolve) => (heard = resolve));
      const startMs = performance.now();
      await utils.addJob('echo', 4);
      await told;
      ms.push(performance.now() - startMs);
    }
    await client.query('unlisten echo');
    client.off('notification', onNotification);
    return { ms };
  });
}

serve({ throughput, latency });
