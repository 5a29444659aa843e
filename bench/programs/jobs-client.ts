// A user's program that runs maps and job classes, and says how well the slots were used.

import { connect } from '#dsage/client/connect.js';

import { type Figures, map } from '../support/commands.js';
import { type Command, connection, serve } from '../support/serve.js';
import { Counting } from './counting.js';

const d = await connect(connection());

/** A map with a function that is written where it is used. */
async function inlineMap({ tasks }: Command): Promise<Figures> {
  const inputs = Array.from({ length: Number(tasks) }, (_, index) => index);
  const startMs = performance.now();
  const results = await d.map((n: number) => n * n, inputs).wait();
  const perSecond = (1000 * inputs.length) / (performance.now() - startMs);
  if (results.some((result, index) => result !== index * index)) throw new Error('a result is wrong');
  return { perSecond };
}

/** The share of the slots' time that tasks of so many milliseconds keep them busy, percent. */
async function efficiency({ tasks, ms, slots }: Command): Promise<Figures> {
  const count = Number(tasks);
  const startMs = performance.now();
  const job = d.map(
    (_: number, length: number) => {
      const end = performance.now() + length;
      while (performance.now() < end);
    },
    Array.from({ length: count }, (_, index) => index),
    Array<number>(count).fill(Number(ms)),
  );
  await job.wait();
  const wallMs = performance.now() - startMs;
  const busyMs = Array.from(job, (task) => task.wallTime * 1000).reduce((sum, one) => sum + one, 0);
  return { percent: (100 * busyMs) / (Number(slots) * wallMs) };
}

/** A job class whose coordinator is here: answers collected per second. */
async function started({ tasks }: Command): Promise<Figures> {
  const startMs = performance.now();
  const job = d.start(new Counting({ tasks: Number(tasks) }));
  await job.wait();
  return { perSecond: (1000 * Number(tasks)) / (performance.now() - startMs) };
}

/** A detached one: what its coordinator's memory was, as it measured itself. */
async function detached({ tasks }: Command): Promise<Figures> {
  const startMs = performance.now();
  const job = await d.submit(new Counting({ tasks: Number(tasks) }));
  await job.wait();
  const perSecond = (1000 * Number(tasks)) / (performance.now() - startMs);
  const info = (await d.job(job.id ?? 0)) as { readonly result?: unknown };
  return { perSecond, memoryMb: (info.result as { readonly memoryMb: number[] }).memoryMb };
}

serve({ map: (command) => map(d, command), inlineMap, efficiency, started, detached });
