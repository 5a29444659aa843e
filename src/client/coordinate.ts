import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';

import { ChannelCredentials, InterceptingCall } from '@grpc/grpc-js';
import type { ChannelOptions, Interceptor } from '@grpc/grpc-js';

import { Coordinator } from '../jobs/coordinator.js';
import type { DistributedJob } from '../jobs/distributed-job.js';
import { DsageError } from '../model/errors.js';
import { CHANNEL_OPTIONS } from '../wire/credentials.js';
import { ownHello } from '../wire/hello.js';
import { claimMetadata } from '../wire/lease-claim.js';
import type { LeaseClaim } from '../wire/lease-claim.js';
import { Blobs } from './blobs.js';
import { JobPort } from './job-port.js';
import { Rpc } from './rpc.js';
import { Session } from './session.js';

/** What a worker gives a coordinator of a detached job. */
export interface Coordination {
  readonly job: DistributedJob;
  readonly lease: LeaseClaim;
  /** The socket in the file system through which the server is reached. */
  readonly relay: string;
  /** Aborted when the lease is taken away. */
  readonly signal: AbortSignal;
}

/** Coordinates a detached job to its end, in a child process of a worker. Rejects when the job fails, or is lost. */
export async function coordinate({ job, lease, relay, signal }: Coordination): Promise<void> {
  const options = { ...CHANNEL_OPTIONS, interceptors: [claiming(lease)] } as ChannelOptions;
  const rpc = new Rpc({
    server: `unix:${relay}`,
    credentials: ChannelCredentials.createInsecure(),
    channelOptions: options,
  });
  const session = new Session(rpc, {
    hello: ownHello(),
    session: randomUUID(),
    host: hostname(),
    pid: process.pid,
  });
  const stop = (): void => {
    session.stop(new DsageError('closed', 'The lease of this coordinator was taken away.'));
  };
  signal.addEventListener('abort', stop);
  try {
    session.start();
    const { coordinator, taskCount } = await rpc.call('coordinateJob', { job: lease.job });
    const source = { type: 'own', job: lease.job, coordinator, taskCount, isDetached: true } as const;
    const port = new JobPort({ session, rpc, blobs: new Blobs(rpc) }, source);
    new Coordinator(job, port, { firstIndex: port.firstIndex }).start();
    await job.wait({ signal });
  } finally {
    signal.removeEventListener('abort', stop);
    stop();
    rpc.close();
  }
}

/** Every call says under which lease it is made. */
export function claiming(lease: LeaseClaim): Interceptor {
  return (options, next) =>
    new InterceptingCall(next(options), {
      start(metadata, listener, begin) {
        metadata.merge(claimMetadata(lease));
        begin(metadata, listener);
      },
    });
}
