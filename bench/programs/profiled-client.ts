// A client as in client.ts, which also turns V8's profiler on and off in the children that run the tasks: their
// agent gives them no Node options, so the profiler comes as a task.

import type { Session } from 'node:inspector';

import { connect } from '#dsage/client/connect.js';

import { latency, map, single } from '../support/commands.js';
import { configuration, connection, serve } from '../support/serve.js';

interface Profiler {
  __benchProfiler?: Session;
}

const SLOTS = 2;

const d = await connect(connection());
const profiles = String(configuration()['profiles']);

/** Runs in a child, where all tasks see the same `process` but each its own globals; held for a while, so that each slot takes one. */
async function begin(): Promise<number> {
  const session = new (process.getBuiltinModule('node:inspector').Session)();
  session.connect();
  session.post('Profiler.enable');
  session.post('Profiler.setSamplingInterval', { interval: 200 });
  session.post('Profiler.start');
  (process as Profiler).__benchProfiler = session;
  await new Promise((resolve) => setTimeout(resolve, 500));
  return process.pid;
}

async function end(directory: string): Promise<void> {
  const session = (process as Profiler).__benchProfiler;
  const { writeFileSync } = process.getBuiltinModule('node:fs');
  session?.post('Profiler.stop', (_error, { profile }) => {
    writeFileSync(`${directory}/child-${process.pid}.cpuprofile`, JSON.stringify(profile));
  });
  await new Promise((resolve) => setTimeout(resolve, 500));
}

async function onAllSlots(call: () => { wait(): Promise<unknown> }): Promise<unknown[]> {
  return Promise.all(Array.from({ length: SLOTS }, () => call().wait()));
}

serve({
  map: (command) => map(d, command),
  single: (command) => single(d, command),
  latency: (command) => latency(d, command),
  begin: async () => ({ pids: await onAllSlots(() => d.evalFunction(begin, [])) }),
  end: async () => ({ ended: (await onAllSlots(() => d.evalFunction(end, [profiles]))).length }),
});
