import { expect } from 'chai';

import { BlobStore } from '#dsage/blobs/blob-store.js';
import type { BlobRef } from '#dsage/model/job.js';
import { checkInputs, checkSpec } from '#dsage/server/spec.js';
import { blobPayload, inlinePayload } from '#dsage/wire/payload.js';
import { specOf } from '../../support/server-lab.js';
import { makeTempDir, removeTempDirs } from '../../support/temp-dir.js';

const MISSING: BlobRef = { sha256: '0'.repeat(64), sizeBytes: 300_000 };
const INLINE = inlinePayload(Buffer.from([1, 2, 3]));

describe('what a job names', () => {
  let blobs: BlobStore;
  let here: BlobRef;

  beforeEach(async () => {
    blobs = await BlobStore.open(makeTempDir());
    here = await blobs.write(Buffer.from('here'));
  });

  after(removeTempDirs);

  const attach = (blob: BlobRef) => specOf({ program: INLINE, attachments: [{ path: 'in/a.txt', blob }] });

  function expectMissing(act: () => unknown, what: RegExp): void {
    expect(act).to.throw(what).that.has.property('code', 'not-found');
  }

  it('is taken when it is on the server', () => {
    expect(checkSpec(attach(here), blobs)).to.deep.equal(attach(here));
    expect(checkSpec(specOf({ program: blobPayload(here) }), blobs).name).to.equal('a job');
    const payloads = [INLINE, blobPayload(here), new Uint8Array(0)];
    expect(checkInputs(payloads, 0, blobs)).to.equal(payloads);
  });

  it('is refused by name when it is not', () => {
    expectMissing(
      () => checkSpec(attach(MISSING), blobs),
      /^The attached file in\/a\.txt is not on the server/,
    );
    expectMissing(
      () => checkSpec(attach({ ...here, sizeBytes: 3 }), blobs),
      /a\.txt is not on the server: .* Submit it again/,
    );
    expectMissing(
      () => checkSpec(specOf({ program: blobPayload(MISSING) }), blobs),
      /^The program is not on/,
    );
    expectMissing(
      () => checkInputs([INLINE, blobPayload(here), blobPayload(MISSING)], 40, blobs),
      /^The input of task 42 is not on the server/,
    );
    expect(() => checkInputs([Buffer.from([1, 2])], 0, blobs))
      .to.throw(/blob payload/)
      .that.has.property('code', 'invalid-argument');
  });

  it('stays on the server until the job is stored', async () => {
    const age = { untouchedSinceMs: Date.now() };
    while (Date.now() <= age.untouchedSinceMs + 5) await new Promise((resolve) => setTimeout(resolve, 1));
    checkInputs([blobPayload(here)], 0, blobs);
    expect(await blobs.delete(here, age)).to.equal(false);
  });
});
