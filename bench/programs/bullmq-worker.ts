// A worker process of BullMQ that returns what it was given.

import { Worker } from 'bullmq';

import { configuration, serve } from '../support/serve.js';

const { port, concurrency } = configuration();

const worker = new Worker<number, number>('bench', (job) => Promise.resolve(job.data), {
  connection: { host: '127.0.0.1', port: Number(port) },
  concurrency: Number(concurrency),
});
// A worker without a listener would end its process at the first lost connection, such as when Redis is stopped.
worker.on('error', () => undefined);
await worker.waitUntilReady();
serve({});
