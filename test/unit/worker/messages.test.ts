import { expect } from 'chai';

import { decodeValue } from '#dsage/wire/codec.js';
import { WorkRequest, WorkResponse, type JobProgram } from '#dsage/wire/gen/dsage/v1/worker.js';
import { PackedTasksWriter, readAnswerRecords, writeAnswerRecord } from '#dsage/wire/packed.js';
import { blobPayload, inlinePayload, readPayload } from '#dsage/wire/payload.js';
import type { End } from '#dsage/worker/core/state.js';
import { toEvent, toRequest } from '#dsage/worker/messages.js';

const origin = { worker: 7, workerName: 'w', host: 'h' };
const ref = { sha256: '12'.repeat(32), sizeBytes: 1000 };

/** Through the bytes of the wire, as between two processes. */
function received(message: WorkResponse['message']): ReturnType<typeof toEvent> {
  return toEvent(WorkResponse.decode(WorkResponse.encode({ message }).finish()));
}

function end(fields: Partial<End>): End {
  const lease = { job: 1, index: 5, attempt: 2 };
  return { lease, outcome: 'returned', record: undefined, kind: 'setup', reason: '', ...fields };
}

describe('worker messages', () => {
  it('reads leases, and finds the blobs that they need', () => {
    const packer = new PackedTasksWriter();
    packer.add(inlinePayload(new Uint8Array([1])));
    packer.add(blobPayload(ref));
    packer.add(new Uint8Array());
    const program: JobProgram = {
      job: 3,
      owner: 'ada',
      name: '',
      kind: 'eval',
      evaluator: 'javascript',
      limits: undefined,
      program: blobPayload(ref),
      attachments: [{ path: 'a/b.txt', blob: { sha256: Buffer.alloc(32, 9), sizeBytes: 4 } }],
      ...{ bundle: undefined, detached: true },
    };
    const runs = [{ job: 3, firstIndex: 10, count: 3, attempt: 2, packedTasks: Buffer.from(packer.take()) }];
    const event = received({ $case: 'leases', value: { programs: [program], runs } });
    if (event?.type !== 'leases-received') throw new Error('not the event that was asked for');
    expect(event.programs[0]?.blobs).to.deep.equal([{ sha256: '09'.repeat(32), sizeBytes: 4 }, ref]);
    expect(event.programs[0]?.detached).to.equal(true);
    expect(event.programs[0]?.limits).to.include({ maxAttempts: 3, outputBytes: 1_048_576 });
    expect(event.runs[0]?.payloads).to.have.length(3);
    expect([...(event.runs[0]?.inputs ?? [])]).to.deep.equal([[1, ref]]);
  });

  it('refuses leases whose count is wrong', () => {
    const runs = [{ job: 3, firstIndex: 0, count: 2, attempt: 1, packedTasks: Buffer.alloc(1) }];
    expect(() => received({ $case: 'leases', value: { programs: [], runs } })).to.throw();
  });

  it('reads the other messages', () => {
    const stale = [{ job: 1, index: 2, attempt: 3 }];
    expect(
      received({
        $case: 'registered',
        value: { hello: undefined, worker: 4, leaseMs: 9000, renewMs: 3000, stale },
      }),
    ).to.deep.equal({ type: 'registered', worker: 4, renewMs: 3000, stale });
    expect(received({ $case: 'recorded', value: { seq: 9 } })).to.deep.equal({
      type: 'answers-recorded',
      seq: 9,
    });
    expect(received({ $case: 'kill', value: { leases: stale, reason: 'why' } })).to.deep.equal({
      type: 'kill-received',
      leases: stale,
      reason: 'why',
    });
    expect(received({ $case: 'drain', value: { reason: 'why', stop: true } })).to.deep.equal({
      type: 'drain-received',
      reason: 'why',
      stop: true,
      isFromServer: true,
    });
    expect(received(undefined)).to.equal(undefined);
  });

  it('passes finished records through byte by byte, and writes those of leases that no slot ran', () => {
    const meta = { index: 1, attempt: 1, worker: 7, startedAtMs: 1, wallUs: 2, cpuUs: 3, peakMemoryKb: 4 };
    const record = writeAnswerRecord({
      ...meta,
      outcome: 'completed',
      payload: inlinePayload(new Uint8Array([9])),
    });
    const ends = [
      end({ lease: { job: 1, index: 1, attempt: 1 }, outcome: 'completed', record }),
      end({ lease: { job: 2, index: 8, attempt: 4 }, outcome: 'failed', kind: 'setup', reason: 'no file' }),
      end({}),
    ];
    const request = toRequest({ type: 'answers', seq: 6, ends }, origin);
    const sent = WorkRequest.decode(WorkRequest.encode(request).finish()).message;
    if (sent?.$case !== 'answers') throw new Error('not the message that was asked for');
    expect(sent.value.seq).to.equal(6);
    const [one, two] = sent.value.batches;
    expect([one?.job, one?.count, two?.job, two?.count]).to.deep.equal([1, 2, 2, 1]);
    const [first, returned] = readAnswerRecords(one?.packedAnswers ?? Buffer.alloc(0), 2);
    expect(Buffer.from(first?.record ?? [])).to.deep.equal(Buffer.from(record));
    expect(returned?.meta).to.include({ index: 5, attempt: 2, outcome: 'returned', worker: 7 });
    expect(returned?.payload).to.have.length(0);
    const [failed] = readAnswerRecords(two?.packedAnswers ?? Buffer.alloc(0), 1);
    const content = readPayload(failed?.payload ?? new Uint8Array());
    if (content.type !== 'inline') throw new Error('a failure without its reason');
    expect(decodeValue(content.bytes)).to.include({
      kind: 'setup',
      message: 'no file',
      attempt: 4,
      workerName: 'w',
    });
  });

  it('sends output as it is', () => {
    const chunk = { job: 1, index: 2, attempt: 3, chunk: 4, stderr: true, data: new Uint8Array([65]) };
    const { message } = toRequest({ type: 'output', seq: 1, chunks: [chunk] }, origin);
    expect(message).to.deep.equal({
      $case: 'output',
      value: { seq: 1, chunks: [{ ...chunk, data: Buffer.from('A') }] },
    });
  });
});
