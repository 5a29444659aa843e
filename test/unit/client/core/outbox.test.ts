import { expect } from 'chai';

import { JOBS_MESSAGE_BYTES, Outbox } from '#dsage/client/core/outbox.js';
import type { OutboxMessage } from '#dsage/client/core/outbox.js';
import type { Part } from '#dsage/client/core/outbox-entry.js';
import { PackedTasksWriter, readPackedTasks } from '#dsage/wire/packed.js';
import type { JobSpec } from '#dsage/wire/gen/dsage/v1/types.js';

const NONE: Part = { count: 0, packedTasks: Buffer.alloc(0) };

describe('client/core/outbox', () => {
  it('puts what is submitted together into one message, numbered from 1', () => {
    const outbox = new Outbox();
    for (let i = 0; i < 5; i++) outbox.submit({ spec: spec(), part: part(1), closed: true });
    const messages = outbox.take();
    expect(messages).to.have.length(1);
    expect(jobsIn(messages).map(({ seq }) => seq)).to.deep.equal([1, 2, 3, 4, 5]);
    expect(
      jobsIn(messages).every(({ closed, watch, taskCount }) => closed && watch && taskCount === 1),
    ).to.equal(true);
    expect(outbox.take()).to.deep.equal([]);
  });

  it('cuts messages of new jobs at their size', () => {
    const outbox = new Outbox();
    for (let i = 0; i < 4; i++) {
      outbox.submit({ spec: spec(), part: part(1, JOBS_MESSAGE_BYTES / 2), closed: true });
    }
    expect(outbox.take().map((message) => jobsIn([message]).length)).to.deep.equal([2, 2]);
  });

  it('holds back what would be too much unaccepted, and goes on with every acceptance', () => {
    const outbox = new Outbox({ bytes: 1e9, jobs: 3 });
    for (let i = 0; i < 5; i++) outbox.submit({ spec: spec(), part: part(1), closed: true });
    expect(seqsOf(outbox.take())).to.deep.equal([1, 2, 3]);
    expect(outbox.take()).to.deep.equal([]);
    outbox.accept({ seq: 2, taskCount: 1 });
    expect(seqsOf(outbox.take())).to.deep.equal([4]);
    outbox.accept({ seq: 1, taskCount: 1 });
    expect(seqsOf(outbox.take())).to.deep.equal([5]);
  });

  it('counts the bytes of parts that are on their way', () => {
    const outbox = new Outbox({ bytes: 1000, jobs: 100 });
    const seq = outbox.submit({ spec: spec(), part: part(1, 1000), closed: false });
    outbox.append(seq, part(1, 1000));
    outbox.append(seq, part(1, 1000));
    expect(outbox.take()).to.have.length(1);
    outbox.accept({ seq, taskCount: 1 });
    expect(rangesOf(outbox.take())).to.deep.equal([[1, 2]]);
    expect(outbox.pendingBytes).to.equal(2000);
    outbox.accept({ seq, taskCount: 2 });
    expect(rangesOf(outbox.take())).to.deep.equal([[2, 3]]);
    outbox.accept({ seq, taskCount: 3 });
    expect(outbox.pendingBytes).to.equal(0);
  });

  it('sends the parts of a job in order, and its end with the last one', () => {
    const outbox = new Outbox();
    const seq = outbox.submit({ spec: spec(), part: part(3), closed: false });
    outbox.append(seq, part(4));
    outbox.append(seq, part(5));
    outbox.close(seq);
    const messages = outbox.take();
    expect(messages.map(({ type }) => type)).to.deep.equal(['jobs', 'tasks', 'tasks']);
    expect(rangesOf(messages)).to.deep.equal([
      [3, 7],
      [7, 12],
    ]);
    expect(endsOf(messages)).to.deep.equal([false, false, true]);
  });

  it('sends the end alone when the last part has left, and repeats it after a reconnect', () => {
    const outbox = new Outbox();
    const seq = outbox.submit({ spec: spec(), part: part(3), closed: false });
    outbox.take();
    outbox.accept({ seq, taskCount: 3 });
    outbox.close(seq);
    expect(outbox.settled).to.equal(false);
    expect(rangesOf(outbox.take())).to.deep.equal([[3, 3]]);
    expect(outbox.settled).to.equal(true);
    outbox.rewind();
    const again = outbox.take();
    expect(rangesOf(again)).to.deep.equal([[3, 3]]);
    expect(endsOf(again)).to.deep.equal([true]);
    outbox.drop(seq);
    outbox.rewind();
    expect(outbox.take()).to.deep.equal([]);
  });

  it('repeats after a reconnect what was not accepted, with the same numbers, and nothing else', () => {
    const outbox = new Outbox();
    const accepted = outbox.submit({ spec: spec(), part: part(1), closed: true });
    const lost = outbox.submit({ spec: spec(), part: part(1), closed: true });
    const growing = outbox.submit({ spec: spec(), part: part(2), closed: false });
    outbox.append(growing, part(2));
    outbox.append(growing, part(2));
    const first = outbox.take();
    outbox.accept({ seq: accepted, taskCount: 1 });
    outbox.accept({ seq: growing, taskCount: 4 });
    outbox.rewind();
    const second = outbox.take();
    expect(seqsOf(first)).to.deep.equal([accepted, lost, growing]);
    expect(seqsOf(second)).to.deep.equal([lost]);
    expect(rangesOf(second)).to.deep.equal([[4, 6]]);
  });

  it('repeats a job that was never accepted with its first part, and the others behind it', () => {
    const outbox = new Outbox();
    const seq = outbox.submit({ spec: spec(), part: part(2), closed: false });
    outbox.append(seq, part(3));
    outbox.take();
    outbox.close(seq);
    outbox.take();
    outbox.rewind();
    const again = outbox.take();
    expect(seqsOf(again)).to.deep.equal([seq]);
    expect(rangesOf(again)).to.deep.equal([[2, 5]]);
    expect(endsOf(again)).to.deep.equal([false, true]);
  });

  it('keeps tasks that a full queue refused, and sends them all again once released', () => {
    const outbox = new Outbox();
    const seq = outbox.submit({ spec: spec(), part: part(1), closed: false });
    outbox.append(seq, part(1));
    outbox.append(seq, part(1));
    outbox.take();
    outbox.accept({ seq, taskCount: 1 });
    outbox.hold(seq);
    outbox.append(seq, part(1));
    expect(outbox.take()).to.deep.equal([]);
    outbox.release(seq);
    expect(rangesOf(outbox.take())).to.deep.equal([
      [1, 2],
      [2, 3],
      [3, 4],
    ]);
  });

  it('sends a part that was refused in halves, so that it fits a small queue at last', () => {
    const outbox = new Outbox();
    const writer = new PackedTasksWriter();
    const seq = outbox.submit({ spec: spec(), part: part(1), closed: false });
    for (let i = 0; i < 5; i++) writer.add(Buffer.from([0, i]));
    outbox.append(seq, { count: 5, packedTasks: writer.take() });
    outbox.take();
    outbox.accept({ seq, taskCount: 1 });
    outbox.hold(seq);
    outbox.release(seq);
    const messages = outbox.take();
    expect(rangesOf(messages)).to.deep.equal([
      [1, 4],
      [4, 6],
    ]);
    const payloads = messages.flatMap((message) =>
      message.type === 'tasks' ? readPackedTasks(message.tasks.packedTasks, message.tasks.taskCount) : [],
    );
    expect(payloads.map((payload) => payload[1])).to.deep.equal([0, 1, 2, 3, 4]);
    outbox.accept({ seq, taskCount: 6 });
    expect(outbox.pendingBytes).to.equal(0);
  });

  it('frees the window when a refused job is dropped', () => {
    const outbox = new Outbox({ bytes: 1e9, jobs: 1 });
    const first = outbox.submit({ spec: spec(), part: part(1), closed: true });
    outbox.submit({ spec: spec(), part: part(1), closed: true });
    expect(seqsOf(outbox.take())).to.deep.equal([1]);
    outbox.drop(first);
    expect(seqsOf(outbox.take())).to.deep.equal([2]);
  });

  it('submits a job without tasks', () => {
    const outbox = new Outbox();
    outbox.submit({ spec: spec(), part: NONE, closed: true });
    const [job] = jobsIn(outbox.take());
    expect(job?.taskCount).to.equal(0);
    expect(job?.closed).to.equal(true);
    outbox.accept({ seq: 1, taskCount: 0 });
    expect(outbox.settled).to.equal(true);
    expect(outbox.pendingBytes).to.equal(0);
  });
});

function spec(): JobSpec {
  return {
    ...{ name: '', kind: 'eval', evaluator: 'javascript', priority: 3, limits: undefined, labels: [] },
    ...{ resources: {}, program: Buffer.alloc(0), attachments: [], ttlMs: 0, summary: '' },
    ...{ after: [], bundle: undefined, detached: false },
  };
}

function part(count: number, bytes = 10): Part {
  return { count, packedTasks: Buffer.alloc(bytes) };
}

function jobsIn(messages: readonly OutboxMessage[]) {
  return messages.flatMap((message) => (message.type === 'jobs' ? message.jobs : []));
}

function seqsOf(messages: readonly OutboxMessage[]): number[] {
  return jobsIn(messages).map(({ seq }) => seq);
}

/** First and end of every SubmitTasks. */
function rangesOf(messages: readonly OutboxMessage[]): [number, number][] {
  return messages.flatMap((message): [number, number][] =>
    message.type === 'tasks'
      ? [[message.tasks.firstIndex, message.tasks.firstIndex + message.tasks.taskCount]]
      : [],
  );
}

function endsOf(messages: readonly OutboxMessage[]): boolean[] {
  return messages.flatMap((message) =>
    message.type === 'tasks' ? [message.tasks.closed] : message.jobs.map(({ closed }) => closed),
  );
}
