// A client of BullMQ: adds jobs and collects what they return from the queue's events.

import { Queue, QueueEvents } from 'bullmq';

import { type Command, configuration, serve } from '../support/serve.js';

const BULK = 1_000;

const connection = { host: '127.0.0.1', port: Number(configuration()['port']) };
const queue = new Queue<number>('bench', { connection });
const events = new QueueEvents('bench', { connection });
queue.on('error', () => undefined);
events.on('error', () => undefined);
await Promise.all([queue.waitUntilReady(), events.waitUntilReady()]);

async function throughput({ tasks }: Command): Promise<{ perSecond: number }> {
  const count = Number(tasks);
  const results = new Map<string, unknown>();
  const all = new Promise<void>((resolve) => {
    events.removeAllListeners('completed');
    events.on('completed', ({ jobId, returnvalue }) => {
      results.set(jobId, returnvalue);
      if (results.size === count) resolve();
    });
  });
  const startMs = performance.now();
  for (let first = 0; first < count; first += BULK) {
    const jobs = Array.from({ length: Math.min(BULK, count - first) }, (_, at) => ({
      name: 'noop',
      data: first + at,
    }));
    await queue.addBulk(jobs);
  }
  await all;
  const perSecond = (1000 * count) / (performance.now() - startMs);
  events.removeAllListeners('completed');
  return { perSecond };
}

async function latency({ samples }: Command): Promise<{ ms: number[] }> {
  const ms: number[] = [];
  for (let sample = 0; sample < Number(samples); sample++) {
    const startMs = performance.now();
    const job = await queue.add('noop', 4);
    await job.waitUntilFinished(events);
    ms.push(performance.now() - startMs);
  }
  return { ms };
}

serve({ throughput, latency });
