import { expect } from 'chai';
import fc from 'fast-check';

import { DsageError } from '#dsage/model/errors.js';
import { FRAME, FrameReader, FrameWriter, writeBare } from '#dsage/worker/child/frames.js';
import { readEnded, readTask, beginRun, writeEnded, writeTask } from '#dsage/worker/child/messages.js';

describe('frames between a slot and its child', () => {
  it('come through however the stream is cut', () => {
    const piece = fc.uint8Array({ maxLength: 300 });
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 20 }),
        fc.array(fc.nat({ max: 400 }), { maxLength: 30 }),
        (bodies, cuts) => {
          const writer = new FrameWriter();
          for (const body of bodies) {
            writer.begin(FRAME.output).rest(body);
            writer.end();
          }
          const seen: Buffer[] = [];
          const reader = new FrameReader();
          for (const chunk of cut(writer.take(), cuts)) {
            reader.push(chunk);
            while (
              reader.next((type, body) =>
                seen.push(type === FRAME.output ? Buffer.from(body.rest()) : Buffer.alloc(0)),
              )
            );
          }
          expect(seen.map((one) => one.toString('hex'))).to.deep.equal(
            bodies.map((one) => Buffer.from(one).toString('hex')),
          );
        },
      ),
    );
  });

  it('can be left in the reader for a while', () => {
    const writer = new FrameWriter();
    writeBare(writer, FRAME.ready);
    writeBare(writer, FRAME.pause);
    const bytes = writer.take();
    const reader = new FrameReader();
    const seen: number[] = [];
    reader.push(bytes);
    expect(reader.next((type) => seen.push(type))).to.equal(true);
    reader.push(bytes);
    while (reader.next((type) => seen.push(type)));
    expect(seen).to.deep.equal([FRAME.ready, FRAME.pause, FRAME.ready, FRAME.pause]);
  });

  it('refuse lengths that cannot be, and reading past the end', () => {
    const reader = new FrameReader();
    reader.push(Buffer.from('ffffffff01', 'hex'));
    expect(() => reader.next(() => undefined)).to.throw(DsageError, '4294967295 bytes');
    const other = new FrameReader();
    other.push(Buffer.from('0300000001ffff', 'hex'));
    expect(() => other.next((_type, body) => body.u32())).to.throw(DsageError, 'too early');
  });

  it('carry tasks and their ends', () => {
    const writer = new FrameWriter();
    const tasks = [
      { ticket: 1, index: 4_000_000_000, attempt: 2, input: undefined },
      { ticket: 2, index: 1, attempt: 1, input: { type: 'inline' as const, bytes: Buffer.from('abc') } },
      { ticket: 3, index: 2, attempt: 1, input: { type: 'file' as const, path: '/tmp/ü' } },
    ];
    beginRun(writer, 9);
    for (const task of tasks) writeTask(writer, task);
    writer.end();
    const end = { ticket: 3, completed: false, wallUs: 2 ** 40, file: '', record: Buffer.from('record') };
    writeEnded(writer, end);
    const reader = new FrameReader();
    reader.push(writer.take());
    reader.next((_type, body) => {
      expect(body.u32()).to.equal(9);
      expect([readTask(body), readTask(body), readTask(body)]).to.deep.equal(tasks);
      expect(body.atEnd).to.equal(true);
    });
    reader.next((_type, body) => expect(readEnded(body)).to.deep.equal(end));
  });
});

function cut(bytes: Buffer, lengths: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  let from = 0;
  for (const length of lengths) {
    if (length > 0 && from < bytes.length) chunks.push(bytes.subarray(from, (from += length)));
  }
  if (from < bytes.length) chunks.push(bytes.subarray(from));
  return chunks;
}
