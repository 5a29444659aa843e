import { startMap } from '#dsage/client/actions.js';
import { Blobs } from '#dsage/client/blobs.js';
import { classProgram } from '#dsage/client/class-program.js';
import { Zip } from '#dsage/client/inputs.js';
import type { MapJob } from '#dsage/client/map-job.js';
import { checkOptions } from '#dsage/client/options.js';
import { Rpc } from '#dsage/client/rpc.js';
import { Session } from '#dsage/client/session.js';
import type { Connection } from '#dsage/client/tracked-job.js';
import type { JobClass } from '#dsage/jobs/job-class.js';
import { DsageError } from '#dsage/model/errors.js';
import { loadClientFiles } from '#dsage/security/load.js';
import { CHANNEL_OPTIONS, clientCredentials } from '#dsage/wire/credentials.js';
import { ownHello } from '#dsage/wire/hello.js';

import type { Cluster } from './cluster.js';

/** Submits tasks of job classes without a coordinator: what each task gives is the result of a map. */
export class ClassJobs {
  readonly #connection: Connection;

  constructor({ address, directory }: Cluster) {
    const credentials = clientCredentials(loadClientFiles(directory));
    const rpc = new Rpc({ server: address, credentials, channelOptions: CHANNEL_OPTIONS });
    const hello = { hello: ownHello(), session: crypto.randomUUID(), host: 'here', pid: process.pid };
    const session = new Session(rpc, hello);
    session.start();
    this.#connection = { session, rpc, blobs: new Blobs(rpc) };
  }

  run(Class: unknown, parameters: unknown, tasks: readonly unknown[]): MapJob {
    const none = tasks.map(() => 0);
    const module = classProgram(Class as JobClass, parameters);
    module.catch(() => undefined);
    return startMap(
      this.#connection,
      {
        ...{ kind: 'class', evaluator: 'javascript', summary: '', options: checkOptions({}, []) },
        ...{ program: new Uint8Array(0), files: [], after: [], module },
      },
      new Zip([tasks, none, none]),
    );
  }

  close(): void {
    this.#connection.session.stop(new DsageError('closed', 'The test is over.'));
    this.#connection.rpc.close();
  }
}
