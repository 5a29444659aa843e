import { DsageError } from '#dsage/model/errors.js';
import type { JobRecord, JobSpec } from '#dsage/model/job.js';
import { DEFAULT_LIMITS } from '#dsage/model/job.js';
import { JOB_STATUSES } from '#dsage/model/status.js';
import type { WorkerInfo } from '#dsage/model/worker.js';
import {
  attachmentFromMessage,
  blobFromMessage,
  jobSpecFromMessage,
  jobSpecToMessage,
  jobToMessage,
  limitsFromMessage,
  statusFromMessage,
  statusToMessage,
  userFromMessage,
  userToMessage,
  workerInfoFromMessage,
  workerInfoToMessage,
} from '#dsage/wire/convert.js';
import { Job, JobSpec as JobSpecMessage, Status } from '#dsage/wire/gen/dsage/v1/types.js';
import { WorkerInfo as WorkerInfoMessage } from '#dsage/wire/gen/dsage/v1/worker.js';
import { expect } from 'chai';

const blob = { sha256: '0f'.repeat(32), sizeBytes: 2 ** 40 };
const spec: JobSpec = {
  name: 'n',
  kind: 'map',
  evaluator: 'javascript',
  priority: 2,
  limits: { timeMs: 1, memoryMb: 2, maxAttempts: 4, outputBytes: 5, maxFailedTasks: 6 },
  labels: ['a'],
  resources: { gpu: 0.5 },
  program: Buffer.from([1, 2]),
  attachments: [{ path: 'data/x.txt', blob }],
  ttlMs: 7,
  summary: 's',
};

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof DsageError) return error.code;
    throw error;
  }
  return 'nothing was thrown';
}

describe('convert', () => {
  it('brings a job specification through the wire', () => {
    const bytes = JobSpecMessage.encode(jobSpecToMessage(spec)).finish();
    expect(jobSpecFromMessage(JobSpecMessage.decode(bytes))).to.deep.equal(spec);
  });

  it('puts defaults where a message says nothing', () => {
    const empty = JobSpecMessage.decode(Buffer.alloc(0));
    expect(jobSpecFromMessage(empty)).to.include({
      evaluator: 'javascript',
      priority: 3,
      limits: DEFAULT_LIMITS,
    });
    expect(limitsFromMessage({ ...DEFAULT_LIMITS, maxAttempts: 0, outputBytes: 0, timeMs: 9 })).to.deep.equal(
      {
        ...DEFAULT_LIMITS,
        timeMs: 9,
      },
    );
  });

  it('brings a job through the wire, with what it counts', () => {
    const record: JobRecord = {
      id: 5,
      owner: 'alice',
      session: 's',
      seq: 1,
      spec,
      state: {
        status: 'waiting',
        taskCount: 10,
        closed: true,
        ends: { completed: 3, failed: 1, killed: 1 },
        answerCount: 5,
        generation: 0,
        maxAttempt: 1,
        firstAttempt: 1,
        hasOutput: false,
        createdAtMs: 1_790_000_000_000,
        startedAtMs: 2,
        endedAtMs: 0,
        reason: '',
        priority: 4,
      },
    };
    const job = Job.decode(Job.encode(jobToMessage(record, 2)).finish());
    expect(job).to.include({ id: 5, owner: 'alice', status: Status.PROCESSING, priority: 4, taskCount: 10 });
    expect(job.createdAtMs).to.equal(1_790_000_000_000);
    expect({ ...job.counts }).to.deep.equal({
      waiting: 3,
      processing: 2,
      completed: 3,
      failed: 1,
      killed: 1,
    });
    expect(jobToMessage(record, 0).status).to.equal(Status.WAITING);
    const paused = { ...record, state: { ...record.state, status: 'paused' as const } };
    expect(jobToMessage(paused, 2).status).to.equal(Status.PAUSED);
  });

  it('knows every status, and no other', () => {
    for (const status of JOB_STATUSES) expect(statusFromMessage(statusToMessage(status))).to.equal(status);
    expect(codeOf(() => statusFromMessage(Status.UNSPECIFIED))).to.equal('invalid-argument');
  });

  it('brings workers and users through the wire', () => {
    const info: WorkerInfo = {
      name: 'w',
      host: 'h',
      pid: 1,
      slots: 2,
      labels: ['a'],
      resources: { gpu: 1 },
      evaluators: ['javascript'],
      cpuModel: 'c',
      cpuCount: 4,
      memoryMb: 5,
      nodeVersion: 'v',
      packageVersion: 'p',
      platform: 'linux',
      speedMmps: 1.5,
      coordinators: 2,
    };
    const bytes = WorkerInfoMessage.encode(workerInfoToMessage(info)).finish();
    expect(workerInfoFromMessage(WorkerInfoMessage.decode(bytes))).to.deep.equal(info);
    const user = { name: 'u', role: 'worker', enabled: true, createdAtMs: 3, serials: ['ab'] } as const;
    expect(userFromMessage(userToMessage(user))).to.deep.equal(user);
    expect(codeOf(() => userFromMessage({ ...userToMessage(user), role: 'server' }))).to.equal(
      'invalid-argument',
    );
  });

  it('refuses references to blobs that name none', () => {
    expect(codeOf(() => blobFromMessage(undefined))).to.equal('invalid-argument');
    expect(codeOf(() => blobFromMessage({ sha256: Buffer.alloc(31), sizeBytes: 1 }))).to.equal(
      'invalid-argument',
    );
  });

  it("refuses attached files outside the task's directory", () => {
    const message = { sha256: Buffer.from(blob.sha256, 'hex'), sizeBytes: 1 };
    for (const path of ['', '/etc/passwd', '../x', 'a/../../x', 'C:\\x', '..\\x', 'a\0b']) {
      expect(
        codeOf(() => attachmentFromMessage({ path, blob: message })),
        path,
      ).to.equal('invalid-argument');
    }
    expect(attachmentFromMessage({ path: 'a/..b/c.txt', blob: message }).path).to.equal('a/..b/c.txt');
  });
});
