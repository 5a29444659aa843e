import { DsageError } from '#dsage/model/errors.js';
import type { Answer, Outcome } from '#dsage/model/task.js';
import {
  AnswerRecordsWriter,
  PackedTasksWriter,
  readAnswerRecord,
  readAnswerRecords,
  readPackedTasks,
  writeAnswerRecord,
} from '#dsage/wire/packed.js';
import { blobPayload, readPayload } from '#dsage/wire/payload.js';
import { expect } from 'chai';
import fc from 'fast-check';

const whole = fc.oneof(
  fc.maxSafeNat(),
  fc.nat(300),
  fc.constantFrom(127, 128, 2 ** 31, 2 ** 32, 2 ** 53 - 1),
);
const answers: fc.Arbitrary<Answer> = fc.record({
  index: whole,
  attempt: whole,
  outcome: fc.constantFrom<Outcome>('completed', 'failed', 'killed', 'returned'),
  worker: whole,
  startedAtMs: whole,
  wallUs: whole,
  cpuUs: whole,
  peakMemoryKb: whole,
  payload: fc.uint8Array({ maxLength: 300 }),
});
const tasks = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 50 });
const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 });

function packTasks(payloads: readonly Uint8Array[]): Buffer {
  const writer = new PackedTasksWriter();
  for (const payload of payloads) writer.add(payload);
  expect(writer.count).to.equal(payloads.length);
  const size = writer.byteLength;
  const packed = writer.take();
  expect(packed.length).to.equal(size);
  expect([writer.count, writer.byteLength]).to.deep.equal([0, 0]);
  return packed;
}

function joinAnswers(list: readonly Answer[]): Buffer {
  const writer = new AnswerRecordsWriter();
  for (const answer of list) writer.add(writeAnswerRecord(answer));
  expect(writer.count).to.equal(list.length);
  return writer.take();
}

/** Damages a copy that lies between foreign bytes, and reads it: it must give a DsageError or stay inside. */
function readDamaged(
  bytes: Uint8Array,
  damage: readonly (readonly [number, number])[],
  read: (bytes: Uint8Array) => readonly Uint8Array[],
): boolean {
  const around = Buffer.alloc(bytes.length + 64, 0x55);
  const damaged = around.subarray(32, 32 + bytes.length);
  damaged.set(bytes);
  for (const [at, byte] of damage) if (bytes.length > 0) damaged[at % bytes.length] = byte;
  let parts: readonly Uint8Array[];
  try {
    parts = read(damaged);
  } catch (error) {
    return error instanceof DsageError && error.code === 'invalid-argument';
  }
  const start = damaged.byteOffset;
  return parts.every(
    (part) => part.byteOffset >= start && part.byteOffset + part.length <= start + damaged.length,
  );
}

const runs = { numRuns: 2000 };

describe('packed formats: for all batches', () => {
  it('tasks are read back', () => {
    const property = fc.property(tasks, (payloads) => {
      const back = readPackedTasks(packTasks(payloads), payloads.length);
      expect(back.map((one) => Buffer.from(one))).to.deep.equal(payloads.map((one) => Buffer.from(one)));
    });
    fc.assert(property, runs);
  });

  it('answers are read back, one by one and as a batch', () => {
    const property = fc.property(fc.array(answers, { maxLength: 20 }), (list) => {
      const back = readAnswerRecords(joinAnswers(list), list.length);
      const plain = (answer: Answer) => ({ ...answer, payload: [...answer.payload] });
      const expected = list.map(plain);
      expect(back.map(({ meta, payload }) => plain({ ...meta, payload }))).to.deep.equal(expected);
      expect(back.map(({ record }) => plain(readAnswerRecord(record)))).to.deep.equal(expected);
    });
    fc.assert(property, runs);
  });

  it('damaged tasks are refused or read inside their bounds', () => {
    const property = fc.property(tasks, changes, fc.nat(), (payloads, damage, cut) => {
      const packed = packTasks(payloads);
      const part = packed.subarray(0, cut % (packed.length + 1));
      return readDamaged(packed, damage, readPackedTasks) && readDamaged(part, damage, readPackedTasks);
    });
    fc.assert(property, runs);
  });

  it('damaged answers are refused or read inside their bounds', () => {
    const read = (bytes: Uint8Array) =>
      readAnswerRecords(bytes).flatMap(({ record, payload }) => [record, payload]);
    const property = fc.property(
      fc.array(answers, { maxLength: 10 }),
      changes,
      fc.nat(),
      (list, damage, cut) => {
        const packed = joinAnswers(list);
        const part = packed.subarray(0, cut % (packed.length + 1));
        return readDamaged(packed, damage, read) && readDamaged(part, damage, read);
      },
    );
    fc.assert(property, runs);
  });

  it('references to blobs are read back, and damaged ones are refused', () => {
    const property = fc.property(
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      fc.maxSafeNat(),
      fc.nat(41),
      (hash, sizeBytes, cut) => {
        const ref = { sha256: Buffer.from(hash).toString('hex'), sizeBytes };
        const payload = blobPayload(ref);
        expect(readPayload(payload)).to.deep.equal({ type: 'blob', ref });
        const cutPayload = payload.subarray(0, 1 + (cut % (payload.length - 1)));
        expect(() => readPayload(cutPayload)).to.throw(DsageError);
      },
    );
    fc.assert(property, runs);
  });
});
