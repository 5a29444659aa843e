import { fileURLToPath } from 'node:url';

import { manifestOf } from '../code/manifest.js';
import type { ClassProgram } from '../code/module-home.js';
import { Coordinator } from '../jobs/coordinator.js';
import type { DistributedJob } from '../jobs/distributed-job.js';
import { classOf, homeOf } from '../jobs/job-class.js';
import { DsageError } from '../model/errors.js';
import { encodeValue } from '../wire/codec.js';
import { LocalJobPort } from './job-port.js';
import { LocalPool } from './pool.js';
import type { LocalPoolOptions } from './pool.js';
import { ThreadRunner } from './thread-runner.js';

/** The compiled folder of this dsage. */
const OWN_FOLDER = new URL('../', import.meta.url);

/**
 * Runs a job of one of dsage's own classes on threads of this machine, without a server; returns it at once. It ends
 * with this process.
 *
 * Throws `not-shippable` for other classes, whose modules threads would have to find first.
 */
export function startLocally<Job extends DistributedJob>(job: Job, options: LocalPoolOptions = {}): Job {
  const Class = classOf(job);
  const url = homeOf(Class);
  if (!url.startsWith(OWN_FOLDER.href)) {
    throw new DsageError('not-shippable', `The class ${Class.name} is none of dsage's own.`, {
      hint: 'Run it on a server: d.start(job) after dsage.startAll().',
    });
  }
  const path = url.slice(OWN_FOLDER.href.length);
  const version = manifestOf(fileURLToPath(OWN_FOLDER))?.version ?? '';
  const { name } = Class;
  const { parameters } = job;
  const home = { kind: 'dsage', path, version } as const;
  const program: ClassProgram = { type: 'class', home, export: name, name, parameters };
  const pool = new LocalPool(options);
  const runner = new ThreadRunner(pool, { evaluator: 'javascript', program: encodeValue(program) });
  // Tasks and answers are of the class's own types.
  new Coordinator(job, new LocalJobPort(runner)).start();
  return job;
}
