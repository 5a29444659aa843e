import { DsageError } from '#dsage/model/errors.js';
import type { Answer } from '#dsage/model/task.js';
import {
  PackedTasksWriter,
  readAnswerRecord,
  readAnswerRecords,
  readPackedTasks,
  writeAnswerRecord,
} from '#dsage/wire/packed.js';
import { blobPayload, EMPTY_PAYLOAD, inlinePayload, readPayload } from '#dsage/wire/payload.js';
import { expect } from 'chai';

const answer: Answer = {
  index: 300,
  attempt: 2,
  outcome: 'failed',
  worker: 7,
  startedAtMs: 1_790_000_000_123,
  wallUs: 5_000_000_000,
  cpuUs: 12,
  peakMemoryKb: 0,
  payload: Buffer.from([0, 1]),
};

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof DsageError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'nothing was thrown';
}

describe('packed', () => {
  it('writes the bytes that types.proto documents', () => {
    const writer = new PackedTasksWriter();
    writer.add(EMPTY_PAYLOAD);
    writer.add(inlinePayload(Buffer.from([0x18, 0x2a])));
    expect(writer.take().toString('hex')).to.equal('000300182a');
    // Length, index, attempt, outcome, worker, start, wall, CPU, memory, payload.
    expect(writeAnswerRecord(answer).toString('hex')).to.equal(
      ['14', 'ac02', '02', '02', '07', 'fbd8c1a28c34', '80e497d012', '0c', '00', '0001'].join(''),
    );
  });

  it('gives views, not copies', () => {
    const writer = new PackedTasksWriter();
    writer.add(Buffer.from([0, 9]));
    const packed = writer.take();
    const [payload] = readPackedTasks(packed);
    packed[2] = 8;
    expect(payload?.[1]).to.equal(8);
  });

  it('grows far beyond its first size', () => {
    const writer = new PackedTasksWriter();
    const large = Buffer.alloc(300_000, 7);
    for (let count = 0; count < 5; count += 1) writer.add(large);
    expect(readPackedTasks(writer.take(), 5).every((one) => large.equals(one))).to.equal(true);
  });

  it('refuses numbers that are not whole, negative or too large', () => {
    for (const wallUs of [1.5, -1, NaN, 2 ** 53]) {
      expect(codeOf(() => writeAnswerRecord({ ...answer, wallUs }))).to.match(/^invalid-argument/);
    }
  });

  it('refuses another count than the message announces', () => {
    const record = writeAnswerRecord(answer);
    expect(codeOf(() => readAnswerRecords(record, 2))).to.match(/2 items were announced and 1 are there/);
    expect(codeOf(() => readPackedTasks(Buffer.from([0, 0]), 3))).to.match(/3 items were announced and 2/);
  });

  it('refuses damaged records', () => {
    const record = writeAnswerRecord(answer);
    const wrongOutcome = Buffer.from(record);
    wrongOutcome[4] = 9;
    const tooShort = Buffer.from(record);
    tooShort[0] = 5;
    const cases: [Buffer, RegExp][] = [
      [record.subarray(0, -1), /end too early/],
      [Buffer.concat([record, Buffer.from([0])]), /more bytes follow/],
      [wrongOutcome, /outcome is unknown/],
      [tooShort, /longer than it says/],
      [Buffer.from('ffffffffffffffffff01', 'hex'), /above 2\^53/],
      [Buffer.from('8000', 'hex'), /more bytes than it needs/],
    ];
    for (const [bytes, reason] of cases) expect(codeOf(() => readAnswerRecord(bytes))).to.match(reason);
  });
});

describe('payload', () => {
  const ref = { sha256: 'ab'.repeat(32), sizeBytes: 2 ** 40 };

  it('is none, inline or a blob', () => {
    expect(readPayload(EMPTY_PAYLOAD)).to.deep.equal({ type: 'none' });
    expect(readPayload(inlinePayload(Buffer.from('x')))).to.deep.include({ type: 'inline' });
    expect(readPayload(blobPayload(ref))).to.deep.equal({ type: 'blob', ref });
  });

  it('refuses other tags, other hashes and trailing bytes', () => {
    expect(codeOf(() => readPayload(Buffer.from([2])))).to.match(/^invalid-argument.*not with 2/);
    expect(codeOf(() => blobPayload({ sha256: 'xyz', sizeBytes: 1 }))).to.match(/^invalid-argument/);
    const trailing = Buffer.concat([blobPayload(ref), Buffer.from([1])]);
    expect(codeOf(() => readPayload(trailing))).to.match(/more bytes follow/);
  });
});
