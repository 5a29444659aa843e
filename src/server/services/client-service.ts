import type { ClientServiceServer } from '../../wire/gen/dsage/v1/client.js';
import { missingBlobs, readBlob, storeUpload } from './blobs.js';
import { jobCalls } from './client-jobs.js';
import { session } from './client-session.js';
import { clientStream, serverStream, unary } from './handlers.js';
import { readOutput } from './output.js';
import { readTasks } from './tasks.js';
import type { Services } from './services.js';

/** What clients call. */
export function clientService(services: Services): ClientServiceServer {
  const { blobs } = services;
  return {
    session: session(services),
    ...jobCalls(services),
    readOutput: serverStream(services.users, (request, caller, signal) =>
      readOutput(services, request, caller, signal),
    ),
    readTasks: serverStream(services.users, (request, caller) => readTasks(services, request, caller)),
    hasBlobs: unary((request) => ({ missing: missingBlobs(blobs, request.blobs) })),
    putBlob: clientStream(async (requests) => {
      await storeUpload(blobs, requests);
      return {};
    }),
    getBlob: serverStream(services.users, (request) => readBlob(blobs, request.blob)),
  };
}
