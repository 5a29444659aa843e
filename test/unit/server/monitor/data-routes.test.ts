import { expect } from 'chai';

import type {
  ErrorBody,
  History,
  JobDetail,
  JobPage,
  OutputPage,
  Overview,
  TaskDetail,
  TaskPage,
  Timeline,
  WorkerSummary,
} from '#dsage/model/monitor.js';
import type { Failure } from '#dsage/model/task.js';
import { decodeValue, encodeValue } from '#dsage/wire/codec.js';
import { writeAnswerRecord } from '#dsage/wire/packed.js';
import { blobPayload, inlinePayload } from '#dsage/wire/payload.js';

import { ADA, ADMIN, BOB, MonitorLab } from '../../../support/monitor-lab.js';
import type { LabWorker } from '../../../support/server-lab.js';
import { eventually } from '../../../support/cluster.js';
import { removeTempDirs } from '../../../support/temp-dir.js';

describe('what the monitor reads', () => {
  let monitor: MonitorLab;
  beforeEach(async () => {
    monitor = await MonitorLab.start();
  });
  afterEach(() => monitor.stop());
  after(removeTempDirs);

  const ids = async (path: string, caller = ADMIN) => {
    const { jobs, next } = await monitor.get<JobPage>(path, caller);
    return { ids: jobs.map(({ id }) => id), next };
  };

  /** Jobs 1 to 12, a minute apart; the first six are over. */
  function fill(): LabWorker {
    const { lab } = monitor;
    const worker = lab.worker({ slots: 4 });
    for (let job = 1; job <= 12; job += 1) {
      lab.now += 60_000;
      lab.renew(worker, job <= 6 ? 4 : 0);
      const owner = job % 3 === 0 ? 'bob' : 'ada';
      const kind = job % 2 === 0 ? 'map' : 'eval';
      const name = `job ${'abc'.charAt(job % 3)}${job}`;
      lab.submit({ owner, kind, name, priority: 1 + (job % 5), limits: { maxAttempts: 1 } });
      const outcome = job === 4 ? 'failed' : 'completed';
      if (job <= 6) lab.answers(worker, { job, index: 0, attempt: 1, outcome });
    }
    return worker;
  }

  it('pages through jobs in either order, before and after they are counted', async () => {
    fill();
    for (const isCounted of [false, true]) {
      if (isCounted) await eventually('the count', () => monitor.services.live.isCounted);
      expect(await ids('/api/jobs?limit=5')).to.deep.equal({ ids: [12, 11, 10, 9, 8], next: '7' });
      expect(await ids('/api/jobs?limit=5&from=7')).to.deep.equal({ ids: [7, 6, 5, 4, 3], next: '2' });
      expect(await ids('/api/jobs?limit=5&from=2')).to.deep.equal({ ids: [2, 1], next: null });
      expect(await ids('/api/jobs?sort=oldest&limit=10')).to.deep.equal({
        ids: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
        next: '11',
      });
    }
  });

  it('filters by status, owner, kind and text', async () => {
    fill();
    await eventually('the count', () => monitor.services.live.isCounted);
    expect((await ids('/api/jobs?status=completed,failed')).ids).to.deep.equal([6, 5, 4, 3, 2, 1]);
    expect((await ids('/api/jobs?status=failed')).ids).to.deep.equal([4]);
    expect((await ids('/api/jobs?owner=bob')).ids).to.deep.equal([12, 9, 6, 3]);
    expect((await ids('/api/jobs?kind=map&status=waiting')).ids).to.deep.equal([12, 10, 8]);
    expect((await ids('/api/jobs?q=JOB%20B')).ids).to.deep.equal([10, 7, 4, 1]);
    expect((await ids('/api/jobs?q=%237')).ids).to.deep.equal([7]);
  });

  it('filters by time', async () => {
    fill();
    const at = (job: number) => monitor.lab.store.job(job)?.state.createdAtMs ?? 0;
    expect((await ids(`/api/jobs?since=${at(10)}`)).ids).to.deep.equal([12, 11, 10]);
    expect((await ids(`/api/jobs?until=${at(3)}`)).ids).to.deep.equal([2, 1]);
    expect((await ids(`/api/jobs?since=${at(4)}&until=${at(7)}`)).ids).to.deep.equal([6, 5, 4]);
    expect((await ids(`/api/jobs?since=${at(4)}&until=${at(7)}&sort=oldest`)).ids).to.deep.equal([4, 5, 6]);
    expect((await ids(`/api/jobs?since=${at(12) + 1}`)).ids).to.deep.equal([]);
    expect((await ids(`/api/jobs?since=${at(12) + 1}&sort=oldest`)).ids).to.deep.equal([]);
    expect((await ids(`/api/jobs?until=${at(1)}&sort=name`)).ids).to.deep.equal([]);
  });

  it('sorts, page by page', async () => {
    fill();
    const byName = ['/api/jobs?sort=name&limit=7', '/api/jobs?sort=name&limit=7&from=7'];
    expect(await ids(byName[0] ?? '')).to.deep.equal({ ids: [12, 3, 6, 9, 1, 10, 4], next: '7' });
    expect(await ids(byName[1] ?? '')).to.deep.equal({ ids: [7, 11, 2, 5, 8], next: null });
    expect((await ids('/api/jobs?sort=priority&limit=3')).ids).to.deep.equal([10, 5, 11]);
    expect((await ids('/api/jobs?sort=failed&limit=2')).ids).to.deep.equal([4, 12]);
    expect((await ids('/api/jobs?sort=ended&limit=2')).ids).to.deep.equal([6, 5]);
  });

  it('lets users see their own jobs and refuses the others', async () => {
    fill();
    expect((await ids('/api/jobs', BOB)).ids).to.deep.equal([12, 9, 6, 3]);
    const codeOf = async (path: string, caller = BOB) =>
      (await monitor.get<Partial<ErrorBody>>(path, caller)).error?.code;
    expect(await codeOf('/api/jobs?owner=ada')).to.equal('permission-denied');
    for (const rest of ['', '/result', '/program', '/parameters', '/tasks', '/tasks/0', '/tasks/0/input']) {
      expect(await codeOf(`/api/jobs/1${rest}`), rest).to.equal('permission-denied');
    }
    for (const rest of ['/tasks/0/answer', '/timeline', '/output', '/output/events']) {
      expect(await codeOf(`/api/jobs/1${rest}`), rest).to.equal('permission-denied');
    }
    expect(await codeOf('/api/events?topic=job:1')).to.equal('permission-denied');
    expect(await codeOf('/api/jobs/3')).to.equal(undefined);
    expect(await codeOf('/api/jobs/99')).to.equal('not-found');
    expect(await codeOf('/api/jobs/3/tasks/1')).to.equal('not-found');
    for (const wrong of ['limit=-1', 'status=odd', 'sort=odd', 'since=never', 'from=x', 'limit=1&limit=2']) {
      expect(await codeOf(`/api/jobs?${wrong}`), wrong).to.equal('invalid-argument');
    }
  });

  it('shows without a login numbers and workers, and nothing of jobs', async () => {
    fill();
    const overview = await monitor.get<Overview>('/api/overview', ADMIN);
    expect(overview).to.include({ slots: 4, connectedWorkers: 1, moreActive: 0 });
    expect(overview.active).to.have.lengthOf(6);
    expect(overview.failures.map(({ job }) => job)).to.deep.equal([4]);
    expect(overview.jobs).to.deep.include({ completed: 5, failed: 1, waiting: 6 });
    monitor.caller = undefined;
    const open = (await (await fetch(monitor.url('/api/overview'))).json()) as Overview;
    expect(open).to.deep.include({ active: [], failures: [], jobs: overview.jobs });
    const history = (await (await fetch(monitor.url('/api/history'))).json()) as History;
    expect(history.stepMs).to.equal(1_000);
    for (const path of ['/api/jobs', '/api/jobs/1', '/api/workers', '/api/events?topic=jobs']) {
      const { error } = (await (await fetch(monitor.url(path))).json()) as ErrorBody;
      expect(error.code, path).to.equal('unauthenticated');
    }
  });

  it('counts the tasks of a job that still runs, and those that a kill ends with it', async () => {
    const { lab } = monitor;
    const worker = lab.worker({ slots: 2 });
    const job = lab.submit({ owner: 'ada', tasks: 5 });
    lab.answers(worker, { job, index: 0, attempt: 1 });
    const tasks = async () => (await monitor.get<Overview>('/api/overview', ADMIN)).tasks;
    expect(await tasks()).to.include({ completed: 1, failed: 0, killed: 0 });
    lab.do({ type: 'jobs-killed', request: 1, jobs: [job], reason: '' });
    expect(await tasks()).to.deep.equal({ waiting: 0, processing: 0, completed: 1, failed: 0, killed: 4 });
  });

  it('says why a job waits, and what workers lack', async () => {
    const { lab } = monitor;
    lab.worker({ name: 'lathe' });
    const job = lab.submit({ owner: 'ada', labels: ['gpu'], tasks: 3 });
    const detail = await monitor.get<JobDetail>(`/api/jobs/${job}`, ADA);
    expect(detail).to.deep.include({ status: 'waiting', stuck: 3, note: '', fraction: -1, labels: ['gpu'] });
    expect(detail.why.join()).to.include('can run this job');
    expect(detail.workersLack[0]).to.deep.include({ name: 'lathe', reason: 'it lacks the label gpu' });
  });

  it('shows a task with what went wrong in each attempt', async () => {
    const { lab } = monitor;
    const worker = lab.worker({ name: 'lathe' });
    const program = inlinePayload(encodeValue({ type: 'eval', code: 'boom()', vars: { n: 2n ** 70n } }));
    const job = lab.submit({ owner: 'ada', limits: { maxAttempts: 1 }, program });
    lab.renew(worker, 1);
    const failure: Failure = {
      ...{ kind: 'error', message: 'boom', attempt: 1, workerName: 'lathe', host: 'h' },
      ...{ error: new TypeError('boom'), exitCode: 3, lastOutput: 'bye\n', peakMemoryKb: 77, wallMs: 12 },
    };
    end(worker, job, { outcome: 'failed', payload: inlinePayload(encodeValue(failure)) });
    const { task, attempts, answerBytes } = await monitor.get<TaskDetail>(`/api/jobs/${job}/tasks/0`, ADA);
    expect(task).to.deep.include({ index: 0, status: 'failed', attempt: 1, worker: worker.number });
    expect(answerBytes).to.equal(0);
    expect(attempts).to.have.lengthOf(1);
    expect(attempts[0]).to.deep.include({
      message: 'boom',
      exitCode: 3,
      outputTail: 'bye\n',
      status: 'failed',
    });
    expect(attempts[0]?.stack).to.match(/^TypeError: boom\n/);
    expect(await (await fetch(monitor.url(`/api/jobs/${job}/program`))).text()).to.equal('boom()');
    const parameters = await (await fetch(monitor.url(`/api/jobs/${job}/parameters`))).arrayBuffer();
    expect(decodeValue(new Uint8Array(parameters))).to.deep.equal({ n: 2n ** 70n });
    const { tasks } = await monitor.get<TaskPage>(`/api/jobs/${job}/tasks?status=failed`);
    expect(tasks).to.have.lengthOf(1);
  });

  it('shows when each failed attempt began, where its worker has said so', async () => {
    const { lab } = monitor;
    const worker = lab.worker({ name: 'lathe' });
    const job = lab.submit({ owner: 'ada', limits: { maxAttempts: 3 } });
    lab.renew(worker, 1);
    const about = {
      kind: 'error',
      message: 'boom',
      workerName: 'lathe',
      host: 'h',
      peakMemoryKb: 7,
      wallMs: 12,
    } as const;
    // The first one is what a worker wrote before failures had a start.
    const failures: Failure[] = [
      { ...about, attempt: 1 },
      { ...about, attempt: 2, startedAtMs: 1_234 },
    ];
    for (const failure of failures) {
      const payload = inlinePayload(encodeValue(failure));
      end(worker, job, { outcome: 'failed', payload, attempt: failure.attempt });
      lab.renew(worker, 1);
    }
    const { attempts } = await monitor.get<TaskDetail>(`/api/jobs/${job}/tasks/0`, ADA);
    expect(attempts.map(({ attempt }) => attempt)).to.deep.equal([1, 2, 3]);
    expect(attempts.slice(0, 2).map(({ startedAtMs }) => startedAtMs)).to.deep.equal([0, 1_234]);
  });

  it('sends values as they are, and large ones from their files', async () => {
    const { lab, services } = monitor;
    const worker = lab.worker();
    const large = Buffer.from(encodeValue('x'.repeat(1_000_000)));
    const values = [inlinePayload(encodeValue(2n ** 200n)), blobPayload(await services.blobs.write(large))];
    for (const payload of values) {
      const job = lab.submit({ owner: 'ada' });
      lab.renew(worker, 1);
      end(worker, job, { outcome: 'completed', payload });
      const { resultBytes } = await monitor.get<JobDetail>(`/api/jobs/${job}`, ADA);
      const response = await fetch(monitor.url(`/api/jobs/${job}/result?download`));
      const bytes = new Uint8Array(await response.arrayBuffer());
      expect(bytes).to.have.lengthOf(resultBytes);
      expect(response.headers.get('content-type')).to.equal('application/cbor');
      expect(response.headers.get('content-length')).to.equal(String(resultBytes));
      expect(response.headers.get('content-disposition')).to.include(`job-${job}.cbor`);
      expect(decodeValue(bytes)).to.equal(payload === values[0] ? 2n ** 200n : 'x'.repeat(1_000_000));
    }
  });

  it('shows bars of tasks that ended and that run, by job and by worker, and counts those that have not begun', async () => {
    const { lab } = monitor;
    const worker = lab.worker({ slots: 2, name: 'lathe' });
    lab.renew(worker, 4);
    const job = lab.submit({ owner: 'ada', tasks: 4 });
    lab.answers(worker, { job, index: 0, attempt: 1 });
    lab.now += 10_000;
    lab.renew(worker, 4, { running: [{ job, index: 2, attempt: 1, runMs: 3_000 }] });
    for (const path of [`/api/jobs/${job}/timeline`, `/api/workers/${worker.number}/timeline`]) {
      const { bars, notBegun, workers } = await monitor.get<Timeline>(path, ADA);
      const shown = bars.map(({ index, status }) => `${index} ${status}`).sort();
      expect(shown, path).to.deep.equal(['0 completed', '2 processing']);
      expect([notBegun, workers]).to.deep.equal([{ [worker.number]: 2 }, { [worker.number]: 'lathe' }]);
      for (const { status, endedAtMs } of bars) expect(endedAtMs === 0).to.equal(status === 'processing');
      expect(bars.find(({ index }) => index === 2)?.startedAtMs).to.equal(lab.now - 3_000);
    }
    const { task } = await monitor.get<TaskDetail>(`/api/jobs/${job}/tasks/2`, ADA);
    expect(task.startedAtMs).to.equal(lab.now - 3_000);
    const { bars, notBegun } = await monitor.get<Timeline>(`/api/workers/${worker.number}/timeline`, BOB);
    expect([bars, notBegun]).to.deep.equal([[], {}]);
  });

  it('shows a worker with how long it has held its oldest lease', async () => {
    const { lab } = monitor;
    const worker = lab.worker({ slots: 2, name: 'lathe' });
    const shown = async () => {
      const [one] = (await monitor.get<{ workers: WorkerSummary[] }>('/api/workers', BOB)).workers;
      return one;
    };
    expect(await shown()).to.include({ name: 'lathe', slots: 2, leases: 0, oldestLeaseAtMs: 0 });
    const first = lab.submit({ owner: 'ada' });
    const firstAtMs = lab.now;
    lab.now += 5_000;
    lab.submit({ owner: 'ada' });
    lab.now += 5_000;
    expect(await shown()).to.include({ leases: 2, oldestLeaseAtMs: firstAtMs });
    lab.answers(worker, { job: first, index: 0, attempt: 1 });
    expect(await shown()).to.include({ leases: 1, oldestLeaseAtMs: firstAtMs + 5_000, completed: 1 });
  });

  it('reads output page by page, whatever bytes it has', async () => {
    const { lab } = monitor;
    const worker = lab.worker();
    lab.renew(worker, 1);
    const job = lab.submit({ owner: 'ada' });
    const { number, connection } = worker;
    const write = (chunk: number, data: Uint8Array) => {
      const chunks = [{ job, index: 0, attempt: 1, chunk, stderr: false, data }];
      worker.seq += 1;
      lab.do({ type: 'output-received', worker: number, connection, seq: worker.seq, chunks });
    };
    write(0, Buffer.from([0x68, 0xff, 0xc3]));
    write(1, Buffer.from([0xa9]));
    const first = await monitor.get<OutputPage>(`/api/jobs/${job}/output`, ADA);
    expect(first.pieces).to.deep.equal([{ index: 0, attempt: 1, text: 'h\ufffdé' }]);
    for (let chunk = 2; chunk < 10; chunk += 1) write(chunk, Buffer.alloc(100_000, 48 + chunk));
    let after = first.next;
    const read: string[] = [];
    for (let pages = 0; pages < 10; pages += 1) {
      const page = await monitor.get<OutputPage>(`/api/jobs/${job}/output?index=0&after=${after}`);
      read.push(...page.pieces.map(({ text }) => text));
      after = page.next;
      if (!page.cut) break;
    }
    expect(read.join('')).to.equal([2, 3, 4, 5, 6, 7, 8, 9].map((it) => String(it).repeat(100_000)).join(''));
    const last = await monitor.get<OutputPage>(`/api/jobs/${job}/output?after=${after}`);
    expect(last).to.deep.equal({ pieces: [], next: after, cut: false });
  });

  function end(
    worker: LabWorker,
    job: number,
    how: { outcome: 'completed' | 'failed'; payload: Uint8Array; attempt?: number },
  ): void {
    const { number, connection } = worker;
    worker.seq += 1;
    const { outcome, payload, attempt = 1 } = how;
    const about = { index: 0, attempt, outcome, worker: number };
    const meta = { ...about, startedAtMs: monitor.lab.now, wallUs: 12_000, cpuUs: 9_000, peakMemoryKb: 77 };
    const record = writeAnswerRecord({ ...meta, payload });
    const batches = [{ job, answers: [{ meta, record, payload }] }];
    monitor.lab.do({ type: 'answers-received', worker: number, connection, seq: worker.seq, batches });
  }
});
