import { expect } from 'chai';

import { BlobStore } from '#dsage/blobs/blob-store.js';
import type { Outcome } from '#dsage/model/task.js';
import { checkAnswer } from '#dsage/server/services/answers.js';
import type { Services } from '#dsage/server/services/services.js';
import { readAnswerRecords, writeAnswerRecord } from '#dsage/wire/packed.js';
import { blobPayload, inlinePayload } from '#dsage/wire/payload.js';
import { ServerLab } from '../../../support/server-lab.js';
import { makeTempDir, removeTempDirs } from '../../../support/temp-dir.js';

const MISSING = { sha256: '0'.repeat(64), sizeBytes: 1_048_576 };
const TIMES = { startedAtMs: 7, wallUs: 12_000, cpuUs: 3, peakMemoryKb: 4 };

describe('an answer whose value is a blob', () => {
  let lab: ServerLab;
  let blobs: BlobStore;
  let services: Services;

  beforeEach(async () => {
    lab = new ServerLab();
    blobs = await BlobStore.open(makeTempDir());
    services = { blobs, engine: lab } as unknown as Services;
  });

  after(removeTempDirs);

  function received(payload: Uint8Array, how: { outcome?: Outcome; worker?: number; attempt?: number } = {}) {
    const meta = { index: 0, attempt: 1, outcome: 'completed' as const, worker: 1, ...TIMES, ...how };
    return readAnswerRecords(writeAnswerRecord({ ...meta, payload }))[0]!;
  }

  it('is taken as it came when the blob is here, and keeps it here', async () => {
    const ref = await blobs.write(Buffer.from('large'));
    const answer = received(blobPayload(ref));
    expect(checkAnswer(services, 1, answer)).to.equal(answer);
    expect(await blobs.delete(ref, { untouchedSinceMs: Date.now() - 10_000 })).to.equal(false);
  });

  it('is left alone when it is no blob, or not completed', () => {
    for (const answer of [
      received(inlinePayload(Buffer.from([1, 2]))),
      received(new Uint8Array(0)),
      received(blobPayload(MISSING), { outcome: 'returned' }),
    ]) {
      expect(checkAnswer(services, 1, answer)).to.equal(answer);
    }
  });

  it('fails its attempt when the blob is gone, with the reason, and the task runs again', () => {
    const worker = lab.worker();
    lab.renew(worker, 1);
    const job = lab.submit({ limits: { maxAttempts: 2 } });
    const late = received(blobPayload(MISSING), { worker: worker.number });
    const answer = checkAnswer(services, worker.number, late);
    expect(answer.meta).to.deep.equal({ ...late.meta, outcome: 'failed' });
    worker.seq += 1;
    lab.do({
      ...{ type: 'answers-received', worker: worker.number, connection: worker.connection },
      ...{ seq: worker.seq, batches: [{ job, answers: [answer] }] },
    });
    expect(lab.status(job)).to.equal('waiting');
    const [failure] = lab.store.failures(job, 0);
    const said = JSON.parse(Buffer.from(failure!.failure).toString()) as object;
    expect(said).to.include({ kind: 'not-sendable', workerName: worker.info.name, host: worker.info.host });
    expect(said)
      .to.have.property('message')
      .that.matches(/answer's 1,048,576 bytes are not on the server/);
    expect(lab.store.usesBlob(MISSING.sha256)).to.equal(false);
    expect(lab.held(worker)).to.deep.equal([{ job, index: 0, attempt: 2 }]);
  });

  it('fails its attempt when the name of the blob is damaged', () => {
    const answer = checkAnswer(services, 1, received(Buffer.from([1, 2, 3])));
    expect(answer.meta.outcome).to.equal('failed');
    expect(Buffer.from(answer.payload).toString()).to.contain('names no value that could be read');
  });

  it('is noted as used by its job, once it ends the task', async () => {
    const worker = lab.worker();
    lab.renew(worker, 1);
    const job = lab.submit();
    const ref = await blobs.write(Buffer.from('large'));
    const answer = received(blobPayload(ref), { worker: worker.number });
    lab.do({
      ...{ type: 'answers-received', worker: worker.number, connection: worker.connection },
      ...{ seq: 1, batches: [{ job, answers: [answer] }] },
    });
    expect(lab.status(job)).to.equal('completed');
    expect(lab.store.usesBlob(ref.sha256)).to.equal(true);
    lab.do({ type: 'jobs-forgotten', request: 1, jobs: [job] });
    expect(lab.store.usesBlob(ref.sha256)).to.equal(false);
  });
});
