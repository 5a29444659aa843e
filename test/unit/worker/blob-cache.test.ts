import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';

import { credentials, Server, ServerCredentials, status } from '@grpc/grpc-js';
import { expect } from 'chai';

import { BlobStore } from '#dsage/blobs/blob-store.js';
import type { BlobRef } from '#dsage/model/job.js';
import { readBlob, storeUpload } from '#dsage/server/services/blobs.js';
import { WorkerServiceClient, WorkerServiceService } from '#dsage/wire/gen/dsage/v1/worker.js';
import type { StoreBlobRequest, WorkerServiceServer } from '#dsage/wire/gen/dsage/v1/worker.js';
import { toServiceError } from '#dsage/wire/errors.js';
import { BlobCache } from '#dsage/worker/blob-cache.js';
import type { BlobCacheOptions } from '#dsage/worker/blob-cache.js';
import { openWorkDirectory } from '#dsage/worker/work-directory.js';
import { makeTempDir, removeTempDirs } from '../../support/temp-dir.js';

const SIZE = 1000;

describe('BlobCache', () => {
  let blobs: BlobStore;
  let server: Server;
  let client: WorkerServiceClient;
  let address: string;
  /** How often each blob was fetched. */
  let fetched: string[];
  let evicted: string[];
  /** Fetches that fail before one succeeds. */
  let unreachable: number;

  beforeEach(async () => {
    blobs = await BlobStore.open(makeTempDir());
    [fetched, evicted, unreachable] = [[], [], 0];
    server = new Server();
    server.addService(WorkerServiceService, serviceOf());
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
        if (error) reject(error);
        else resolve(bound);
      });
    });
    address = `127.0.0.1:${port}`;
    client = new WorkerServiceClient(address, credentials.createInsecure());
  });

  afterEach(() => {
    client.close();
    server.forceShutdown();
  });

  after(removeTempDirs);

  /** The calls about blobs as the server answers them, but for who may call. */
  function serviceOf(): WorkerServiceServer {
    return {
      work: (call) => call.end(),
      storeBlob: (call, callback) => {
        storeUpload(blobs, call as AsyncIterable<StoreBlobRequest>).then(
          () => callback(null, {}),
          (error: unknown) => callback(toServiceError(error)),
        );
      },
      fetchBlob: (call) => {
        void (async () => {
          try {
            if (unreachable-- > 0) throw Object.assign(new Error('gone'), { code: status.UNAVAILABLE });
            fetched.push(call.request.blob?.sha256.toString('hex') ?? '');
            for await (const chunk of readBlob(blobs, call.request.blob)) call.write(chunk);
            call.end();
          } catch (error) {
            call.emit(
              'error',
              'code' in (error as Error) && unreachable >= 0 ? error : toServiceError(error),
            );
          }
        })();
      },
    };
  }

  function openCache(options: Partial<BlobCacheOptions> = {}): Promise<BlobCache> {
    return BlobCache.open({
      ...{ directory: join(makeTempDir(), 'cache'), address },
      connected: () => Promise.resolve(client),
      onEvicted: ({ sha256 }) => evicted.push(sha256),
      ...options,
    });
  }

  /** Blobs of 1000 bytes on the server. */
  function write(count: number): Promise<BlobRef[]> {
    return Promise.all(Array.from({ length: count }, () => blobs.write(randomBytes(SIZE))));
  }

  const isHere = (cache: BlobCache, ref: BlobRef): boolean => existsSync(cache.pathOf(ref));

  it('fetches a blob once, also when several tasks need it at the same time', async () => {
    const cache = await openCache();
    const [ref] = (await write(1)) as [BlobRef];
    await Promise.all([cache.fetch([ref]), cache.fetch([ref, ref])]);
    await cache.fetch([ref]);
    expect(fetched).to.deep.equal([ref.sha256]);
    expect(isHere(cache, ref)).to.equal(true);
  });

  it('removes the least recently used ones at its limit, and fetches them again when they are needed', async () => {
    const cache = await openCache({ limitBytes: 3 * SIZE, sparedMs: 0 });
    const [a, b, c, d] = (await write(4)) as [BlobRef, BlobRef, BlobRef, BlobRef];
    for (const ref of [a, b, c]) await cache.fetch([ref]);
    expect(evicted).to.deep.equal([]);
    cache.touch(a);
    await cache.fetch([b]);
    await cache.fetch([d]);
    expect(evicted).to.deep.equal([c.sha256]);
    expect([a, b, c, d].map((ref) => isHere(cache, ref))).to.deep.equal([true, true, false, true]);
    await cache.fetch([c]);
    expect(evicted).to.deep.equal([c.sha256, a.sha256]);
    expect([a, b, c, d].map((ref) => isHere(cache, ref))).to.deep.equal([false, true, true, true]);
  });

  it('removes as many as it takes to make room for a large one', async () => {
    const cache = await openCache({ limitBytes: 3 * SIZE, sparedMs: 0 });
    const small = await write(3);
    const large = await blobs.write(randomBytes(2 * SIZE + 1));
    for (const ref of small) await cache.fetch([ref]);
    await cache.fetch([large]);
    expect(evicted).to.deep.equal(small.map(({ sha256 }) => sha256));
    expect(isHere(cache, large)).to.equal(true);
  });

  it('spares what was used a moment ago, for the task that is about to start', async () => {
    const cache = await openCache({ limitBytes: SIZE });
    const refs = await write(3);
    await cache.fetch(refs);
    expect(evicted).to.deep.equal([]);
    expect(refs.every((ref) => isHere(cache, ref))).to.equal(true);
  });

  it('tells of an eviction before it fetches the same blob again, and then has it', async () => {
    const [a, b] = (await write(2)) as [BlobRef, BlobRef];
    const again: Promise<void>[] = [];
    const cache: BlobCache = await openCache({
      ...{ limitBytes: SIZE, sparedMs: 0 },
      onEvicted: (ref) => {
        evicted.push(ref.sha256);
        // As a worker does whose next lease needs it; the file of the old copy is on its way out.
        if (evicted.length === 1) again.push(Promise.resolve().then(() => cache.fetch([ref])));
      },
    });
    await cache.fetch([a]);
    await cache.fetch([b]);
    await Promise.all(again);
    expect(again).to.have.length(1);
    expect(evicted).to.deep.equal([a.sha256, b.sha256]);
    expect([isHere(cache, a), isHere(cache, b)]).to.deep.equal([true, false]);
  });

  it('gives a blob the name of a module, which goes when the blob goes', async () => {
    const cache = await openCache({ limitBytes: SIZE, sparedMs: 0 });
    const [a, b] = (await write(2)) as [BlobRef, BlobRef];
    await cache.fetch([a]);
    await cache.makeModule(a);
    await cache.makeModule(a);
    expect(cache.moduleOf(a)).to.match(new RegExp(`${a.sha256}\\.mjs$`));
    expect(readFileSync(cache.moduleOf(a))).to.deep.equal(readFileSync(cache.pathOf(a)));
    await cache.fetch([b]);
    expect(existsSync(cache.moduleOf(a))).to.equal(false);
  });

  it('tries for as long as the server cannot be reached, and gives up when it has no such blob', async () => {
    const cache = await openCache();
    const [ref] = (await write(1)) as [BlobRef];
    unreachable = 2;
    await cache.fetch([ref]);
    expect(isHere(cache, ref)).to.equal(true);
    const missing = { sha256: '0'.repeat(64), sizeBytes: 5 };
    const thrown: unknown = await cache.fetch([missing]).catch((error: unknown) => error);
    expect(thrown).to.have.property('code', 'not-found');
    expect(isHere(cache, missing)).to.equal(false);
  });

  it('gives the server a file of this machine, also when the server has it already', async () => {
    const cache = await openCache();
    const file = join(makeTempDir(), 'answer');
    const bytes = randomBytes(700_000);
    writeFileSync(file, bytes);
    const other = await BlobStore.open(makeTempDir());
    const ref = await other.write(bytes);
    await cache.store(file, ref);
    expect(blobs.has(ref)).to.equal(true);
    await cache.store(file, ref);
  });

  it('goes with the directory of its worker when that is dead', async () => {
    const root = makeTempDir();
    const path = join(root, 'dead');
    mkdirSync(path);
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    writeFileSync(join(path, 'pid'), `${pid} ${hostname()}\n`);
    const cache = await openCache({ directory: join(path, 'cache') });
    const [ref] = (await write(1)) as [BlobRef];
    await cache.fetch([ref]);
    expect(isHere(cache, ref)).to.equal(true);
    openWorkDirectory(root, 'alive');
    expect(existsSync(path)).to.equal(false);
  });
});
