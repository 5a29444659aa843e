import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect } from 'chai';

import { BlobStore } from '#dsage/blobs/blob-store.js';
import type { BlobRef } from '#dsage/model/job.js';
import { BLOB_CHUNK_BYTES, MAX_BLOB_BYTES } from '#dsage/model/protocol.js';

describe('BlobStore', () => {
  let directory: string;
  let blobs: BlobStore;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'dsage-blobs-'));
    blobs = await BlobStore.open(directory);
  });

  afterEach(() => rmSync(directory, { recursive: true }));

  const incoming = (): string[] => readdirSync(join(directory, 'incoming'));

  it('gives back what was written, in chunks, also none and more than one', async () => {
    for (const size of [0, 1, BLOB_CHUNK_BYTES, 2 * BLOB_CHUNK_BYTES + 7]) {
      const bytes = Buffer.alloc(size, 'dsage');
      const ref = await blobs.write(bytes);
      expect(ref).to.deep.equal(refOf(bytes));
      const chunks = await collect(blobs.open(ref));
      expect(chunks).to.have.lengthOf(Math.ceil(size / BLOB_CHUNK_BYTES));
      expect(Buffer.concat(chunks).equals(bytes)).to.equal(true);
    }
    expect(incoming()).to.deep.equal([]);
  });

  it('puts a blob in two levels of folders, under its hash', async () => {
    const ref = await blobs.write(Buffer.from('x'));
    const { sha256 } = ref;
    const path = join(directory, sha256.slice(0, 2), sha256.slice(2, 4), sha256);
    expect(blobs.pathOf(ref)).to.equal(path);
    expect(readFileSync(path, 'utf8')).to.equal('x');
  });

  it('knows what it has, also after it was opened again', async () => {
    const ref = await blobs.write(Buffer.from('here'));
    expect(blobs.has(ref)).to.equal(true);
    expect(blobs.has({ ...ref, sizeBytes: 5 })).to.equal(false);
    expect(blobs.has(refOf(Buffer.from('not here')))).to.equal(false);
    expect((await BlobStore.open(directory)).has(ref)).to.equal(true);
    await blobs.delete(ref);
    await blobs.delete(ref);
    expect(blobs.has(ref)).to.equal(false);
  });

  it('lists what it has, with sizes, and nothing that is no blob', async () => {
    expect(await all(blobs.list())).to.deep.equal([]);
    const refs = await Promise.all(['a', 'bc', 'def'].map((text) => blobs.write(Buffer.from(text))));
    for (const name of ['stray', 'ab', 'incoming/half']) writeFileSync(join(directory, name), 'x');
    mkdirSync(join(directory, 'cd', 'ef', 'a'.repeat(64)), { recursive: true });
    const listed = await all(blobs.list());
    expect(listed.map(({ ref }) => ref)).to.deep.equal(
      refs.toSorted((a, b) => (a.sha256 < b.sha256 ? -1 : 1)),
    );
    for (const { touchedAtMs } of listed) expect(touchedAtMs).to.be.closeTo(Date.now(), 60_000);
  });

  it('goes on with a list while blobs come and go', async () => {
    const refs = [];
    for (let i = 0; i < 20; i++) refs.push(await blobs.write(Buffer.from(`blob ${i}`)));
    const list = blobs.list();
    const first = await list.next();
    await Promise.all(refs.map((ref) => blobs.delete(ref)));
    const late = await blobs.write(Buffer.from('late'));
    const rest = await all(list);
    const left = rest.filter(({ ref }) => blobs.has(ref));
    expect(first.done).to.equal(false);
    expect(left.every(({ ref }) => ref.sha256 === late.sha256)).to.equal(true);
  });

  it('spares in a deletion what was written, put again or touched since', async () => {
    const bytes = Buffer.from('asked for');
    const ref = await blobs.write(bytes);
    const age = (): void => utimesSync(blobs.pathOf(ref), new Date(1000), new Date(1000));
    const since = Date.now() - 60_000;
    expect(await blobs.delete(ref, { untouchedSinceMs: since })).to.equal(false);
    for (const use of [() => blobs.touch(ref), () => blobs.put(ref, [bytes]), () => blobs.write(bytes)]) {
      age();
      await use();
      expect(await blobs.delete(ref, { untouchedSinceMs: since })).to.equal(false);
    }
    age();
    expect(blobs.touch({ ...ref, sizeBytes: 1 })).to.equal(false);
    expect(await blobs.delete(ref, { untouchedSinceMs: since })).to.equal(true);
    expect(await blobs.delete(ref, { untouchedSinceMs: since })).to.equal(false);
    expect(blobs.touch(ref)).to.equal(false);
    expect(incoming()).to.deep.equal([]);
  });

  it('has lost a blob as soon as its deletion was asked for, while its readers go on', async () => {
    const bytes = Buffer.alloc(3 * BLOB_CHUNK_BYTES, 7);
    const ref = await blobs.write(bytes);
    const reading = blobs.open(ref);
    const begun = (await reading.next()).value as Uint8Array;
    const deleting = blobs.delete(ref);
    expect(blobs.touch(ref)).to.equal(false);
    await blobs.write(bytes);
    expect(await deleting).to.equal(true);
    expect(blobs.has(ref)).to.equal(true);
    expect(Buffer.concat([begun, ...(await collect(reading))]).equals(bytes)).to.equal(true);
  });

  it('reads a stream to its end when it has the blob already', async () => {
    const bytes = Buffer.from('twice');
    await blobs.write(bytes);
    let ended = false;
    await blobs.put(
      refOf(bytes),
      (async function* () {
        yield bytes;
        ended = true;
      })(),
    );
    expect(ended).to.equal(true);
  });

  it('takes the same blob from several writers at once', async () => {
    const bytes = Buffer.alloc(3 * BLOB_CHUNK_BYTES, 1);
    await Promise.all([1, 2, 3, 4].map(() => blobs.put(refOf(bytes), split(bytes, 100_000))));
    expect(Buffer.concat(await collect(blobs.open(refOf(bytes)))).equals(bytes)).to.equal(true);
    expect(incoming()).to.deep.equal([]);
  });

  it('refuses bytes that are not those of the reference, and keeps nothing', async () => {
    const bytes = Buffer.from('0123456789');
    const ref = refOf(bytes);
    const cases: [Buffer[], RegExp][] = [
      [
        [Buffer.from('0123456780')],
        /Not the 10 bytes of blob [0-9a-f]{64}: they are those of [0-9a-f]{64}\. Send it again/,
      ],
      [[Buffer.from('01234')], /only 5 bytes came/],
      [[], /only 0 bytes came/],
      [[bytes, Buffer.from('x')], /more than 10 bytes came/],
    ];
    for (const [chunks, message] of cases) {
      await expectRejected(blobs.put(ref, chunks), 'invalid-argument', message);
      expect(blobs.has(ref)).to.equal(false);
      expect(incoming()).to.deep.equal([]);
    }
  });

  it('stops reading a stream that is too long', async () => {
    let read = 0;
    const endless = (async function* () {
      while (true) {
        read++;
        yield Buffer.alloc(10);
      }
    })();
    await expectRejected(
      blobs.put({ sha256: '0'.repeat(64), sizeBytes: 25 }, endless),
      'invalid-argument',
      /more than 25/,
    );
    expect(read).to.equal(3);
  });

  it('refuses a blob over the limit, naming size and limit, before it reads', async () => {
    const unread = (async function* () {
      yield await Promise.reject<Buffer>(new Error('was read'));
    })();
    const ref = { sha256: '0'.repeat(64), sizeBytes: MAX_BLOB_BYTES + 1 };
    const message = new RegExp(`${MAX_BLOB_BYTES + 1} bytes is over the limit of ${MAX_BLOB_BYTES} bytes`);
    await expectRejected(blobs.put(ref, unread), 'limit-exceeded', message);
    const small = await BlobStore.open(directory, { maxBytes: 3 });
    await expectRejected(
      small.write(Buffer.from('1234')),
      'limit-exceeded',
      /4 bytes is over the limit of 3 bytes/,
    );
  });

  it('refuses a reference that is none, so that no path leads out of the directory', async () => {
    for (const sha256 of [
      '',
      '../../etc/passwd',
      'A'.repeat(64),
      `${'a'.repeat(64)}/x`,
      `${'a'.repeat(64)}\n`,
    ]) {
      await expectRejected(
        blobs.put({ sha256, sizeBytes: 1 }, []),
        'invalid-argument',
        /is not 64 lower-case/,
      );
    }
    for (const sizeBytes of [-1, 0.5, NaN]) {
      await expectRejected(
        blobs.put({ sha256: 'a'.repeat(64), sizeBytes }, []),
        'invalid-argument',
        /its size is/,
      );
    }
  });

  it('passes on what the stream throws, and keeps nothing', async () => {
    const broken = (async function* () {
      yield Buffer.from('01');
      await Promise.reject(new Error('connection lost'));
    })();
    const thrown: unknown = await blobs
      .put(refOf(Buffer.from('0123')), broken)
      .catch((error: unknown) => error);
    expect(thrown).to.have.property('message', 'connection lost');
    expect(incoming()).to.deep.equal([]);
  });

  it('says so when a blob is not there', async () => {
    const ref = refOf(Buffer.from('gone'));
    await expectRejected(collect(blobs.open(ref)), 'not-found', /Blob [0-9a-f]{64} \(4 bytes\) is not in/);
  });

  it('removes what writers left that are gone, and leaves what is being written', async () => {
    const gone = spawnSync(process.execPath, ['--eval', '']).pid;
    const alive = `${process.ppid}-x`;
    for (const name of [`${gone}-x`, `${process.pid}-from-before`, 'nonsense', alive]) {
      writeFileSync(join(directory, 'incoming', name), 'half');
    }
    let goOn = (): void => undefined;
    const gate = new Promise<void>((resolve) => (goOn = resolve));
    const bytes = Buffer.from('0123');
    const putting = blobs.put(
      refOf(bytes),
      (async function* () {
        yield bytes.subarray(0, 2);
        await gate;
        yield bytes.subarray(2);
      })(),
    );
    while (incoming().length < 5) await new Promise((resolve) => setImmediate(resolve));
    await BlobStore.open(directory);
    expect(incoming()).to.have.lengthOf(2).and.to.include(alive);
    goOn();
    await putting;
    expect(blobs.has(refOf(bytes))).to.equal(true);
  });

  it('says so when its directory cannot be written', async () => {
    writeFileSync(join(directory, 'file'), '');
    await expectRejected(
      BlobStore.open(join(directory, 'file', 'blobs')),
      'setup',
      /cannot be written: ENOTDIR/,
    );
  });

  it('rejects when the disk is full, and keeps nothing', async function () {
    const disk = join(directory, 'disk');
    mkdirSync(disk);
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk]).status !== 0) {
      this.skip(); // file systems may not be mounted here
    }
    try {
      const full = await BlobStore.open(disk);
      const bytes = Buffer.alloc(2_000_000);
      await expectRejected(full.write(bytes), 'store', /could not be written below .*ENOSPC.*Make room/);
      expect(readdirSync(join(disk, 'incoming'))).to.deep.equal([]);
      expect(existsSync(full.pathOf(refOf(bytes)))).to.equal(false);
    } finally {
      spawnSync('umount', [disk]);
    }
  });
});

function refOf(bytes: Uint8Array): BlobRef {
  return { sha256: createHash('sha256').update(bytes).digest('hex'), sizeBytes: bytes.length };
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const gathered = [];
  for await (const item of items) gathered.push(item);
  return gathered;
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const collected = [];
  for await (const chunk of chunks) collected.push(chunk);
  return collected;
}

function* split(bytes: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function expectRejected(promise: Promise<unknown>, code: string, message: RegExp): Promise<void> {
  const thrown: unknown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(thrown).to.have.property('code', code);
  expect((thrown as Error).message).to.match(message);
}
