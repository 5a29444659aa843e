import { get, type IncomingMessage } from 'node:http';

import { expect } from 'chai';

import { eventually } from '../../../support/cluster.js';
import { ADA, ADMIN, BOB, MonitorLab } from '../../../support/monitor-lab.js';
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

  it('pass output on as it comes', async () => {
    const { lab } = monitor;
    const worker = lab.worker();
    lab.renew(worker, 1);
    const job = lab.submit({ owner: 'ada' });
    const reader = await open(monitor, `/api/jobs/${job}/output/events?index=0`);
    const { number, connection } = worker;
    const chunks = [
      { job, index: 0, attempt: 1, chunk: 0, stderr: false, data: Buffer.from('<b>\n\nevent: x') },
    ];
    lab.do({ type: 'output-received', worker: number, connection, seq: 1, chunks });
    await eventually('output', () => reader.events.length === 1);
    const expected = { index: 0, attempt: 1, text: '<b>\n\nevent: x' };
    expect(reader.events[0]).to.deep.equal({ event: 'output', id: '', data: expected });
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
