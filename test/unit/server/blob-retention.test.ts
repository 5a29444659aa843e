import { utimesSync } from 'node:fs';

import { expect } from 'chai';

import { BlobStore } from '#dsage/blobs/blob-store.js';
import { createLog } from '#dsage/log/log.js';
import type { BlobRef } from '#dsage/model/job.js';
import { BlobRetention } from '#dsage/server/blob-retention.js';
import { MemoryStore } from '#dsage/server/store/memory.js';
import { blobPayload } from '#dsage/wire/payload.js';
import { answerOf, putJob, putTasks, specOf } from '../../conformance/samples.js';
import { makeTempDir, removeTempDirs } from '../../support/temp-dir.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

describe('BlobRetention', () => {
  let blobs: BlobStore;
  let store: MemoryStore;
  let retention: BlobRetention;
  /** Starts in the past, so that what the file system stamps now would be young for ever. */
  let now: number;

  beforeEach(async () => {
    blobs = await BlobStore.open(makeTempDir());
    store = new MemoryStore();
    now = Date.now() - 1000 * HOUR;
    retention = newRetention();
  });

  after(removeTempDirs);

  function newRetention(graceMs = HOUR): BlobRetention {
    return new BlobRetention({
      store,
      blobs,
      graceMs,
      now: () => now,
      log: createLog({ level: 'error', console: false }),
    });
  }

  /** A blob that was written so long ago. */
  async function write(text: string, ageMs: number): Promise<BlobRef> {
    const ref = await blobs.write(Buffer.from(text));
    const at = new Date(now - ageMs);
    utimesSync(blobs.pathOf(ref), at, at);
    return ref;
  }

  async function pass(ms: number): Promise<void> {
    now += ms;
    await retention.advance();
  }

  it('deletes what no job uses, once it is older than the grace', async () => {
    const old = await write('old', 2 * HOUR);
    const young = await write('young', 50 * MINUTE);
    await pass(5 * MINUTE);
    expect([blobs.has(old), blobs.has(young)]).to.deep.equal([false, true]);
    await pass(6 * MINUTE);
    expect(blobs.has(young)).to.equal(true);
    await pass(10 * MINUTE);
    expect(blobs.has(young)).to.equal(false);
  });

  it('keeps what a job uses until the last such job is forgotten', async () => {
    const [attached, input, answer] = await Promise.all(
      ['attached', 'input', 'answer'].map((text) => write(text, 2 * HOUR)),
    );
    const spec = specOf({ attachments: [{ path: 'a', blob: attached! }] });
    store.apply([putJob(1, { spec }), putTasks(1, 0, blobPayload(input!)), putJob(2, { spec })]);
    store.apply([answerOf(1, 0, 0, { blob: blobPayload(answer!) })]);
    const here = (): boolean[] => [attached!, input!, answer!].map((ref) => blobs.has(ref));
    await pass(HOUR);
    expect(here()).to.deep.equal([true, true, true]);
    store.apply([{ type: 'forget-job', job: 1 }]);
    await pass(HOUR);
    expect(here()).to.deep.equal([true, false, false]);
    store.apply([{ type: 'forget-job', job: 2 }]);
    await pass(HOUR);
    expect(here()).to.deep.equal([false, false, false]);
  });

  it('leaves those who hold something for the server the time to come back after its start', async () => {
    const waiting = await write('named in an answer that a worker holds', 20 * HOUR);
    await pass(4 * MINUTE);
    expect(blobs.has(waiting)).to.equal(true);
    store.apply([putJob(1), answerOf(1, 0, 0, { blob: blobPayload(waiting) })]);
    await pass(10 * MINUTE);
    expect(blobs.has(waiting)).to.equal(true);
  });

  it('spares what was asked for since the walk began', async () => {
    const asked = await write('asked', 2 * HOUR);
    const usesBlob = store.usesBlob.bind(store);
    store.usesBlob = (sha256) => {
      blobs.touch(asked);
      return usesBlob(sha256);
    };
    await pass(HOUR);
    expect(blobs.has(asked)).to.equal(true);
  });

  it('looks at five hundred at a time', async function () {
    this.timeout(30_000);
    const refs: BlobRef[] = [];
    for (let i = 0; i < 600; i++) refs.push(await write(`blob ${i}`, 2 * HOUR));
    const left = (): number => refs.filter((ref) => blobs.has(ref)).length;
    await pass(HOUR);
    expect(left()).to.equal(100);
    await pass(1000);
    expect(left()).to.equal(0);
  });

  it('reads the store no more once it has stopped', async () => {
    const old = await write('old', 2 * HOUR);
    store.usesBlob = () => {
      throw new Error('the store was read');
    };
    now += HOUR;
    const walking = retention.advance();
    retention.stop();
    await walking;
    expect(blobs.has(old)).to.equal(true);
  });
});
