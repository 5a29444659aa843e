// A worker process of graphile-worker. It keeps no results, so a task that must tell its own notifies the client.

import { Logger, run } from 'graphile-worker';

import { configuration, serve } from '../support/serve.js';

const { connectionString, options } = configuration();

await run({
  preset: { worker: { connectionString: String(connectionString), ...(options as object) } },
  // A line for each task would be measured too.
  logger: new Logger(() => () => undefined),
  noHandleSignals: true,
  taskList: {
    noop: () => undefined,
    echo: async (value, helpers) => {
      await helpers.query("select pg_notify('echo', $1)", [JSON.stringify(value)]);
    },
  },
});
serve({});
