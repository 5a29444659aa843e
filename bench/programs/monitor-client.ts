// A user's program beside the monitor: fills the store, keeps the cluster busy, and opens pages.

import { get } from 'node:http';

import { connect } from '#dsage/client/connect.js';

import { type Figures, identity, map } from '../support/commands.js';
import { type Command, connection, serve } from '../support/serve.js';

const d = await connect(connection());
const url = await d.webServerUrl();
const cookie = await login();
const streams: { destroy(): void }[] = [];
let bytes = 0;

async function login(): Promise<string> {
  const answer = await fetch(await d.webLogin(), { redirect: 'manual' });
  return answer.headers.getSetCookie()[0]?.split(';')[0] ?? '';
}

/** Maps with so many tasks each, all of which wait. */
async function fill({ jobs, tasks }: Command): Promise<Figures> {
  const inputs = Array.from({ length: Number(tasks) }, (_, index) => index);
  for (let left = Number(jobs); left > 0; left -= 500) {
    const some = Array.from({ length: Math.min(left, 500) }, () =>
      d.map(identity, inputs, { labels: ['nowhere'] }),
    );
    await Promise.all(some.map((job) => job.accepted));
    for (const job of some) job.wait().catch(() => undefined);
  }
  return {};
}

/** So many viewers of the overview, from now on. */
async function watch({ viewers }: Command): Promise<Figures> {
  for (let viewer = 0; viewer < Number(viewers); viewer += 1) {
    await new Promise<void>((resolve, reject) => {
      const request = get(`${url}/api/events?topic=overview`, { headers: { cookie } }, (response) => {
        response.on('data', (chunk: Buffer) => (bytes += chunk.length));
        response.on('error', () => undefined);
        streams.push(response);
        resolve();
      });
      request.on('error', reject);
    });
  }
  return {};
}

function unwatch(): Promise<Figures> {
  for (const stream of streams.splice(0)) stream.destroy();
  return Promise.resolve({ bytes });
}

/** The first page of jobs, from the request to its last byte. */
async function page({ samples }: Command): Promise<Figures> {
  const ms: number[] = [];
  for (let sample = 0; sample < Number(samples); sample += 1) {
    const startMs = performance.now();
    const answer = await fetch(`${url}/api/jobs?limit=50`, { headers: { cookie } });
    const { jobs } = (await answer.json()) as { readonly jobs?: readonly unknown[] };
    ms.push(performance.now() - startMs);
    if (jobs?.length !== 50) throw new Error(`the first page: ${String(answer.status)}`);
  }
  return { ms };
}

serve({ map: (command) => map(d, command), fill, watch, unwatch, page });
