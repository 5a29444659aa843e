import { get, type IncomingMessage } from 'node:http';

import { expect } from 'chai';

import { eventually } from '../../../support/cluster.js';
import { ADA, ADMIN, BOB, MonitorLab } from '../../../support/monitor-lab.js';
import type { LabWorker } from '../../../support/server-lab.js';
import { removeTempDirs } from '../../../support/temp-dir.js';

describe('server-sent events', () => {
  let monitor: MonitorLab;
  beforeEach(async () => {
    monitor = await MonitorLab.start();
  });
  afterEach(() => monitor.stop());
  after(removeTempDirs);

  it('begin with a snapshot, tell what changed, and go on where the reader ended', async () => {
    const { lab } = monitor;
    const job = lab.submit({ owner: 'ada' });
    const watcher = await watch(monitor, `job:${job}`);
    await eventually('a snapshot', () => watcher.events.length === 1);
    expect(watcher.events[0]?.event).to.equal('snapshot');
    expect(watcher.events[0]?.data).to.include({ id: job, status: 'waiting' });
    lab.do({ type: 'jobs-paused', request: 1, jobs: [job] });
    await eventually('a delta', () => watcher.events.length === 2);
    const [, delta] = watcher.events;
    expect(delta?.event).to.equal('delta');
    expect(delta?.data).to.include({ status: 'paused' });
    expect(delta?.data).to.not.have.property('id');
    watcher.response.destroy();
    lab.do({ type: 'jobs-resumed', request: 1, jobs: [job] });
    const again = await watch(monitor, `job:${job}`, delta?.id);
    await eventually('what came since', () => again.events.length === 1);
    expect(again.events[0]?.event).to.equal('delta');
    expect(again.events[0]?.data).to.include({ status: 'waiting' });
  });

  it('tell users of their own jobs only, and raise the number of the list', async () => {
    const { lab } = monitor;
    const ada = await watch(monitor, 'jobs', '', ADA);
    const bob = await watch(monitor, 'jobs', '', BOB);
    const overview = await watch(monitor, 'overview', '', BOB);
    lab.submit({ owner: 'ada' });
    await eventually('a delta for ada', () => ada.events.length === 2);
    await eventually('the overview', () => overview.events.length >= 2);
    expect(bob.events).to.have.lengthOf(1);
    const { jobs, active } = overview.events.at(-1)?.data as {
      jobs: { waiting: number };
      active?: unknown[];
    };
    expect(jobs.waiting).to.equal(1);
    expect(active ?? []).to.deep.equal([]);
  });

  it('end when what they tell of is gone, or the user is disabled', async () => {
    const { lab, services } = monitor;
    const job = lab.submit({ owner: 'ada' });
    lab.do({ type: 'jobs-killed', request: 1, jobs: [job], reason: 'x' });
    const watcher = await watch(monitor, `job:${job}`, '', ADA);
    const workers = await watch(monitor, 'workers', '', BOB);
    lab.do({ type: 'jobs-forgotten', request: 1, jobs: [job] });
    await eventually('the end', () => watcher.hasEnded());
    expect(workers.hasEnded()).to.equal(false);
    await services.users.setEnabled('bob', false);
    await eventually('the end of bob', () => workers.hasEnded());
  });

  describe('of output', () => {
    let worker: LabWorker;
    let job: number;
    let chunk: number;

    beforeEach(() => {
      worker = monitor.lab.worker({ slots: 4 });
      monitor.lab.renew(worker, 4);
      job = monitor.lab.submit({ owner: 'ada', tasks: 2 });
      chunk = 0;
    });

    function write(index: number, data: string | Uint8Array): void {
      const { number, connection } = worker;
      worker.seq += 1;
      const chunks = [{ job, index, attempt: 1, chunk: chunk++, stderr: false, data: Buffer.from(data) }];
      monitor.lab.do({ type: 'output-received', worker: number, connection, seq: worker.seq, chunks });
    }

    const watchOutput = (query = '') => open(monitor, `/api/jobs/${job}/output/events${query}`);

    it('tell what is stored, then what comes, and the end', async () => {
      write(1, 'one ');
      const reader = await watchOutput();
      await eventually('the snapshot', () => reader.events.length === 1);
      const pieces = [{ index: 1, attempt: 1, text: 'one ' }];
      expect(reader.events).to.deep.equal([{ event: 'snapshot', id: '', data: { pieces, cut: false } }]);
      // An earlier task goes on, in the middle of a character.
      write(0, '<b>\n\nevent: x');
      write(0, Buffer.from([0xc3]));
      await eventually('output', () => toldBy(reader) === 'one <b>\n\nevent: x');
      write(0, Buffer.from([0xa9, 0xe2, 0x82]));
      await eventually('the character', () => toldBy(reader).endsWith('xé'));
      monitor.lab.answers(worker, { job, index: 0, attempt: 1 }, { job, index: 1, attempt: 1 });
      await eventually('the end of the stream', () => reader.hasEnded());
      expect(toldBy(reader)).to.match(/xé\ufffd$/);
      expect(reader.events.at(-1)).to.deep.equal({ event: 'end', id: '', data: {} });
    });

    it('end at once where the job has ended', async () => {
      write(0, 'all');
      monitor.lab.answers(worker, { job, index: 0, attempt: 1 }, { job, index: 1, attempt: 1 });
      const reader = await watchOutput();
      await eventually('the end of the stream', () => reader.hasEnded());
      expect(reader.events.map(({ event }) => event)).to.deep.equal(['snapshot', 'end']);
      expect(toldBy(reader)).to.equal('all');
    });

    it('are of one task where one is named, which is there', async () => {
      write(0, 'a');
      write(1, 'b');
      const reader = await watchOutput('?index=1');
      write(0, 'c');
      write(1, 'd');
      await eventually('output', () => toldBy(reader) === 'bd');
      expect(await monitor.get(`/api/jobs/${job}/output/events?index=2`)).to.have.nested.property(
        'error.code',
        'not-found',
      );
    });

    it('begin with the end of a long output, and give the newest of what comes too fast', async () => {
      const half = 'x'.repeat(150_000);
      write(0, `far back${half}`);
      write(0, `${half}near`);
      const reader = await watchOutput();
      await eventually('the snapshot', () => reader.events.length === 1);
      expect(reader.events[0]?.data).to.include({ cut: true });
      expect(toldBy(reader)).to.equal(`${half}near`);
      // More than one message holds, in one turn.
      for (let round = 0; round < 4; round += 1) write(round % 2, `${String(round)}${half}`);
      await eventually('a message', () => reader.events.length === 2);
      const pieces = [{ index: 1, attempt: 1, text: `3${half}` }];
      expect(reader.events[1]).to.deep.equal({ event: 'output', id: '', data: { pieces, cut: true } });
      write(1, 'last');
      await eventually('what comes then', () => toldBy(reader).endsWith('last'));
      expect(reader.events.at(-1)?.data).to.include({ cut: false });
    });

    it('hold little for a reader that stands still', async () => {
      const reader = await watchOutput();
      await eventually('the snapshot', () => reader.events.length === 1);
      reader.response.pause();
      for (let round = 0; round < 60; round += 1) {
        write(0, 'x'.repeat(200_000));
        await new Promise((resolve) => setTimeout(resolve, 120));
      }
      write(0, 'last');
      reader.response.resume();
      await eventually('the last', () => toldBy(reader).endsWith('last'));
      // What fits into its connection, and one message.
      expect(JSON.stringify(reader.events).length).to.be.below(9_000_000);
      expect(reader.events.at(-1)?.data).to.include({ cut: true });
    }).timeout(20_000);
  });

  it('drop what a reader that stands still does not take, and give it the whole anew', async () => {
    const { lab } = monitor;
    const job = lab.submit({ owner: 'ada', summary: 'x'.repeat(16_000_000) });
    const slow = await watch(monitor, `job:${job}`);
    slow.response.pause();
    const quick = await watch(monitor, `job:${job}`);
    await eventually('the snapshot', () => quick.events.length === 1);
    for (let round = 0; round < 4; round += 1) {
      const before = quick.events.length;
      const type = round % 2 === 0 ? 'jobs-paused' : 'jobs-resumed';
      lab.do({ type, request: 1, jobs: [job] });
      await eventually('a delta', () => quick.events.length > before);
    }
    slow.response.resume();
    await eventually(
      'the whole again',
      () => slow.events.at(-1)?.event === 'snapshot' && slow.events.length > 1,
    );
    expect(slow.events.length).to.be.below(quick.events.length);
  });
});

/** The text that a reader of output has before it now. */
function toldBy({ events }: { readonly events: readonly Told[] }): string {
  let text = '';
  for (const { event, data } of events) {
    if (event === 'snapshot') text = '';
    for (const piece of (data['pieces'] ?? []) as readonly { readonly text: string }[]) text += piece.text;
  }
  return text;
}

interface Told {
  readonly event: string;
  readonly id: string;
  readonly data: Readonly<Record<string, unknown>>;
}

function watch(monitor: MonitorLab, topic: string, lastEventId = '', caller = ADMIN) {
  return open(monitor, `/api/events?topic=${topic}`, lastEventId, caller);
}

async function open(monitor: MonitorLab, path: string, lastEventId = '', caller = ADMIN) {
  monitor.caller = caller;
  const headers = lastEventId === '' ? {} : { 'last-event-id': lastEventId };
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(monitor.url(path), { headers }, resolve).on('error', reject);
  });
  expect(response.headers['content-type']).to.include('text/event-stream');
  const events: Told[] = [];
  let rest = '';
  let hasEnded = false;
  response.setEncoding('utf8');
  response.on('data', (text: string) => {
    // Messages of many megabytes come in small pieces.
    const isWhole = text.includes('\n\n') || (text.startsWith('\n') && rest.endsWith('\n'));
    rest += text;
    if (!isWhole) return;
    const messages = rest.split('\n\n');
    rest = messages.pop() ?? '';
    for (const message of messages) {
      const field = (name: string) =>
        message
          .split('\n')
          .find((line) => line.startsWith(`${name}: `))
          ?.slice(name.length + 2) ?? '';
      if (field('event') === 'ping') continue;
      events.push({
        event: field('event'),
        id: field('id'),
        data: JSON.parse(field('data')) as Told['data'],
      });
    }
  });
  response.on('error', () => undefined);
  response.on('close', () => (hasEnded = true));
  return { response, events, hasEnded: () => hasEnded };
}
