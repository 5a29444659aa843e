import { expect } from 'chai';

import { AnswerLedger } from '#dsage/client/core/answers.js';
import type { Answer } from '#dsage/model/task.js';
import { encodeValue } from '#dsage/wire/codec.js';
import { AnswerRecordsWriter, writeAnswerRecord } from '#dsage/wire/packed.js';
import { blobPayload, inlinePayload, readPayload } from '#dsage/wire/payload.js';

describe('client/core/answers', () => {
  it('gives the answers back by task, and the order in which they came', () => {
    const ledger = new AnswerLedger();
    expect(ledger.add(batch(0, [answer(3), answer(1)])).indexes).to.deep.equal([3, 1]);
    expect(ledger.add(batch(2, [answer(0)])).indexes).to.deep.equal([0]);
    expect([0, 1, 2, 3].map((index) => ledger.has(index))).to.deep.equal([true, true, false, true]);
    expect([0, 1, 2, 3].map((place) => ledger.arrival(place))).to.deep.equal([3, 1, 0, undefined]);
    expect(ledger.answer(3)).to.deep.include({ index: 3, attempt: 1, outcome: 'completed', worker: 7 });
    expect(ledger.answer(2)).to.equal(undefined);
    expect(ledger.count).to.equal(3);
    expect(ledger.nextOrdinal).to.equal(3);
    expect(ledger.cpuUs).to.equal(30);
  });

  it('takes an answer that comes again for what it is', () => {
    const ledger = new AnswerLedger();
    ledger.add(batch(0, [answer(0), answer(1)]));
    expect(ledger.add(batch(0, [answer(0), answer(1)])).indexes).to.deep.equal([]);
    expect(ledger.add(batch(1, [answer(1), answer(2)])).indexes).to.deep.equal([2]);
    expect(ledger.count).to.equal(3);
    expect(ledger.nextOrdinal).to.equal(3);
    expect(ledger.cpuUs).to.equal(30);
  });

  it('asks again from before a gap', () => {
    const ledger = new AnswerLedger();
    ledger.add(batch(0, [answer(0)]));
    ledger.add(batch(5, [answer(5)]));
    expect(ledger.nextOrdinal).to.equal(1);
    expect(ledger.has(5)).to.equal(true);
    ledger.add(batch(1, [answer(1), answer(2), answer(3), answer(4), answer(5)]));
    expect(ledger.nextOrdinal).to.equal(6);
    expect(ledger.count).to.equal(6);
  });

  it('names the answers that are blobs, and misses them until they are fetched', () => {
    const ledger = new AnswerLedger();
    const ref = { sha256: 'ab'.repeat(32), sizeBytes: 300_000 };
    const added = ledger.add(batch(0, [answer(0), { ...answer(1), payload: blobPayload(ref) }]));
    expect(added.blobs).to.deep.equal([{ index: 1, ref }]);
    expect([ledger.isMissing(0), ledger.isMissing(1)]).to.deep.equal([false, true]);
    ledger.fetched(1, encodeValue('large'));
    expect(ledger.isMissing(1)).to.equal(false);
    expect(readPayload(ledger.answer(1)!.payload)).to.deep.include({ type: 'inline' });
  });

  it('forgets what an answer was when it is released, and not that there was one', () => {
    const ledger = new AnswerLedger();
    ledger.add(
      batch(0, [
        answer(0),
        answer(1),
        { ...answer(2), payload: blobPayload({ sha256: 'ab'.repeat(32), sizeBytes: 9 }) },
      ]),
    );
    ledger.release(0);
    ledger.release(0);
    ledger.release(2);
    ledger.release(7);
    expect([0, 1, 2].map((index) => ledger.has(index))).to.deep.equal([true, true, true]);
    expect([0, 1, 2].map((index) => ledger.answer(index)?.index)).to.deep.equal([undefined, 1, undefined]);
    expect(ledger.isMissing(2)).to.equal(false);
    ledger.release(1);
    expect(ledger.answer(1)).to.equal(undefined);
    expect(ledger.add(batch(0, [answer(0), answer(1), answer(3)])).indexes).to.deep.equal([3]);
    expect(ledger.answer(3)?.index).to.equal(3);
    expect(ledger.count).to.equal(4);
  });

  it('forgets everything for a rerun', () => {
    const ledger = new AnswerLedger();
    ledger.add(batch(0, [answer(0), answer(1)]));
    ledger.clear();
    expect([ledger.count, ledger.nextOrdinal, ledger.cpuUs]).to.deep.equal([0, 0, 0]);
    expect(ledger.has(0)).to.equal(false);
    expect(ledger.add(batch(0, [answer(1, 2)])).indexes).to.deep.equal([1]);
    expect(ledger.answer(1)?.attempt).to.equal(2);
  });

  it('takes answers of far indexes and refuses damaged batches', () => {
    const ledger = new AnswerLedger();
    ledger.add(batch(0, [answer(100_000)]));
    expect(ledger.answer(100_000)?.index).to.equal(100_000);
    expect(() => ledger.add({ firstOrdinal: 1, count: 2, packedAnswers: Buffer.from([200]) })).to.throw();
  });
});

function answer(index: number, attempt = 1): Answer {
  const payload = inlinePayload(encodeValue(index));
  return {
    ...{ index, attempt, outcome: 'completed', worker: 7, startedAtMs: 1_700_000_000_000 },
    ...{ wallUs: 20, cpuUs: 10, peakMemoryKb: 30_000, payload },
  };
}

function batch(firstOrdinal: number, answers: readonly Answer[]) {
  const writer = new AnswerRecordsWriter();
  for (const item of answers) writer.add(writeAnswerRecord(item));
  return { firstOrdinal, count: writer.count, packedAnswers: writer.take() };
}
