import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import * as grpc from '@grpc/grpc-js';
import { expect } from 'chai';

import type { Dsage } from '#dsage/client/connect.js';
import { MAX_MESSAGE_BYTES, PROTOCOL_VERSION } from '#dsage/model/protocol.js';
import type { SessionResponse } from '#dsage/wire/gen/dsage/v1/client.js';
import { type Cluster, startCluster } from '../support/cluster.js';
import {
  type End,
  endOf,
  endOfReading,
  HELLO,
  INFO,
  newJob,
  RawClient,
  Talk,
} from '../support/raw-client.js';
import { removeTempDirs } from '../support/temp-dir.js';

const { status } = grpc;
const buf = fileURLToPath(new URL('../../node_modules/.bin/buf', import.meta.url));

describe('the wire, from outside', function () {
  this.timeout(60_000);
  let cluster: Cluster;
  let d: Dsage;
  let raw: RawClient;

  before(async () => {
    cluster = await startCluster({ workers: 1 });
    d = await cluster.connect();
    raw = new RawClient(cluster.address, cluster.directory);
  });
  after(async () => {
    raw.close();
    await cluster.stop();
    removeTempDirs();
  });
  // Whatever a test has done: the server takes jobs and its worker runs them.
  afterEach(async () => {
    expect(await d('6 * 7').wait({ timeoutMs: 20_000 })).to.equal(42);
    expect(cluster.server?.process.exitCode).to.equal(null);
  });

  describe('through reflection, with a client that knows no proto files', () => {
    /** `buf curl` on the real server: its output. */
    async function curl(...args: readonly string[]): Promise<string> {
      const at = args.at(-1)?.startsWith('/') === true ? args.at(-1) : '';
      const flags = at === '' ? args : args.slice(0, -1);
      const files = (name: string) => join(cluster.directory, name);
      const { stdout } = await promisify(execFile)(buf, [
        ...['curl', '--protocol', 'grpc', '--reflect-protocol', 'grpc-v1', '--timeout', '20s'],
        ...['--cacert', files('pubcert.pem'), '--cert', files('dsage_key.pub'), '--key', files('dsage_key')],
        ...flags,
        // A name in the certificate: dsage's own clients do not look at it, others do.
        `https://localhost:${cluster.address.split(':')[1] ?? ''}${at ?? ''}`,
      ]);
      return stdout;
    }

    it('services are listed and described', async () => {
      const methods = (await curl('--list-methods')).trim().split('\n');
      expect(methods).to.include.members([
        'dsage.v1.ClientService/Session',
        'dsage.v1.ServerService/Handshake',
        'dsage.v1.WorkerService/Work',
        'grpc.health.v1.Health/Check',
      ]);
    });

    it('calls are made with JSON: the status, the jobs, the health', async () => {
      const told = JSON.parse(await curl('/dsage.v1.ServerService/GetStatus')) as Record<string, unknown>;
      expect(told).to.include({ workers: 1, slots: 1 });
      expect(told['hello']).to.include({ protocolVersion: PROTOCOL_VERSION });
      await d('1', { name: 'seen from outside' }).wait({ timeoutMs: 20_000 });
      const request = JSON.stringify({ nameContains: 'from outside' });
      const listed = JSON.parse(await curl('-d', request, '/dsage.v1.ClientService/ListJobs')) as {
        jobs: Record<string, unknown>[];
      };
      expect(listed.jobs).to.have.lengthOf(1);
      expect(listed.jobs[0]).to.include({ name: 'seen from outside', status: 'STATUS_COMPLETED' });
      const service = JSON.stringify({ service: 'dsage.v1.ClientService' });
      const health = JSON.parse(await curl('-d', service, '/grpc.health.v1.Health/Check')) as object;
      expect(health).to.deep.equal({ status: 'SERVING' });
    });

    it('a refusal is a gRPC status with our code', async () => {
      const failed = await curl('-d', '{"job": "4711"}', '/dsage.v1.ClientService/GetJob').catch(
        (error: unknown) => error as { stderr: string },
      );
      expect((failed as { stderr: string }).stderr).to.match(/not_found.*There is no job 4711/s);
    });
  });

  describe('another version of the protocol is refused by a message that names both', () => {
    const ours = String(PROTOCOL_VERSION);
    for (const protocolVersion of [PROTOCOL_VERSION - 1, PROTOCOL_VERSION + 1]) {
      const hello = { protocolVersion, packageVersion: '7.8.9' };
      const check = ({ code, details, dsageCode }: End) => {
        expect({ code, dsageCode }).to.deep.equal({
          code: status.FAILED_PRECONDITION,
          dsageCode: 'version-mismatch',
        });
        expect(details).to.match(
          new RegExp(`\\(protocol ${ours}\\).*7\\.8\\.9 \\(protocol ${String(protocolVersion)}\\)`),
        );
        expect(details).to.match(/same version of dsage on both sides/);
      };

      it(`${String(protocolVersion)} on Handshake, Session and Work`, async () => {
        const shaken = await new Promise<End>((resolve, reject) => {
          raw.server.handshake({ hello }, (error) => {
            if (error === null) reject(new Error('it was taken'));
            else resolve(endOf(error));
          });
        });
        check(shaken);
        const session = raw.session();
        session.say({ message: { $case: 'open', value: { hello, session: 'other', host: '', pid: 1 } } });
        check(await session.ended());
        const work = raw.work();
        work.say({
          message: { $case: 'register', value: { hello, instance: 'other', info: INFO, held: [] } },
        });
        check(await work.ended());
        expect((await d.workers()).map(({ name }) => name)).to.not.include('raw');
      });
    }
  });

  describe('a stream', () => {
    const invalid = { code: status.INVALID_ARGUMENT, dsageCode: 'invalid-argument' };

    it('that begins with the wrong message, or with none, is ended', async () => {
      const session = raw.session();
      session.say({ message: { $case: 'unwatch', value: { jobs: [1] } } });
      expect(await session.ended()).to.deep.include(invalid);
      const work = raw.work();
      work.say({
        message: {
          $case: 'renew',
          value: { credit: 5, busySlots: 0, load1: 0, freeMemoryMb: 0, progress: [], running: [] },
        },
      });
      expect(await work.ended()).to.deep.include(invalid);
      const empty = raw.session();
      empty.say({ message: undefined });
      expect(await empty.ended()).to.deep.include(invalid);
    });

    it('that is opened twice is ended, and no session of it is left', async () => {
      const session = await raw.openSession('twice');
      session.say({
        message: { $case: 'open', value: { hello: HELLO, session: 'again', host: '', pid: 1 } },
      });
      expect(await session.ended()).to.deep.include(invalid);
      const work = await raw.register('twice');
      work.say({
        message: { $case: 'register', value: { hello: HELLO, instance: 'x', info: INFO, held: [] } },
      });
      expect(await work.ended()).to.deep.include(invalid);
      const sessions = (await d.clients()).map((client) => client.session);
      expect(sessions).to.not.include.members(['twice', 'again']);
      expect(sessions).to.have.lengthOf(1);
    });

    it('with a message that is larger than the limit is ended, and its connection works on', async () => {
      const large = new RawClient(cluster.address, cluster.directory, { 'grpc.max_send_message_length': -1 });
      const session = await large.openSession('large');
      const program = randomBytes(MAX_MESSAGE_BYTES + 1);
      const spec = { ...newJob(1).spec, program } as NonNullable<ReturnType<typeof newJob>['spec']>;
      session.say({ message: { $case: 'jobs', value: { jobs: [newJob(1, { spec })] } } });
      const { code, details } = await session.ended();
      expect(code).to.equal(status.RESOURCE_EXHAUSTED);
      expect(details).to.contain(String(MAX_MESSAGE_BYTES));
      await large.openSession('small again');
      large.close();
    });

    it('of bytes that are no message is ended', async () => {
      const asTheyAre = (bytes: Buffer) => bytes;
      for (const method of ['ClientService/Session', 'WorkerService/Work']) {
        const call = raw.client.makeBidiStreamRequest(`/dsage.v1.${method}`, asTheyAre, asTheyAre);
        const talk = new Talk(call);
        talk.say(Buffer.from([0x0a, 0xff, 0xff, 0xff, 0x7f, 1, 2, 3]));
        expect((await talk.ended()).code).to.equal(status.INTERNAL);
      }
    });
  });

  it('a method that is not there is answered as such', async () => {
    const end = await new Promise<End>((resolve) => {
      const [write, read] = [(bytes: Buffer) => bytes, (bytes: Buffer) => bytes];
      raw.client.makeUnaryRequest(
        '/dsage.v1.ClientService/Nonsense',
        write,
        read,
        Buffer.alloc(0),
        (error) => {
          resolve(endOf(error ?? { code: 0, details: 'it was answered' }));
        },
      );
    });
    // Who may call what is decided first: an admin learns that there is no such method.
    expect(end.code).to.equal(status.UNIMPLEMENTED);
  });

  describe('packed bytes that are damaged', () => {
    const DAMAGED: readonly Buffer[] = [
      Buffer.from([0x05, 0x01]),
      Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]),
      Buffer.from([0x80]),
      randomBytes(64).fill(0xfe, 0, 1),
    ];

    it('in the tasks of new jobs refuse those jobs, and the others of the message are taken', async () => {
      const session = await raw.openSession('damaged jobs');
      const bad = DAMAGED.map((packedTasks, i) => newJob(i + 10, { packedTasks }));
      const wrongCount = newJob(20, { taskCount: 2 });
      const noSpec = newJob(21, { spec: undefined });
      const jobs = [newJob(1), ...bad, wrongCount, noSpec, newJob(2)];
      session.say({ message: { $case: 'jobs', value: { jobs } } });
      const { accepted, refused } = await verdicts(session, jobs.length);
      expect([...accepted.keys()].sort()).to.deep.equal([1, 2]);
      expect([...refused.values()]).to.deep.equal(Array(6).fill('invalid-argument'));
      session.say({ message: { $case: 'jobs', value: { jobs: [newJob(30)] } } });
      expect((await verdicts(session, jobs.length + 1)).accepted.has(30)).to.equal(true);
      session.stream.end();
      await d.kill([...accepted.values()]);
    });

    it('in more tasks are refused, and the job stays as it is', async () => {
      const session = await raw.openSession('damaged tasks');
      session.say({ message: { $case: 'jobs', value: { jobs: [newJob(1, { closed: false })] } } });
      const { accepted } = await verdicts(session, 1);
      const [packedTasks = Buffer.alloc(0)] = DAMAGED;
      const target = { $case: 'seq' as const, value: 1 };
      const rest = { coordinator: 0, end: undefined, replySeq: 0 };
      const more = { target, firstIndex: 1, packedTasks, taskCount: 1, closed: true, ...rest };
      session.say({ message: { $case: 'tasks', value: more } });
      expect((await verdicts(session, 2)).refused.get(1)).to.equal('invalid-argument');
      const id = accepted.get(1) ?? 0;
      const [info] = await d.jobs({ name: 'raw 1', status: 'waiting' }).toArray();
      expect(info).to.include({ id, taskCount: 1, closed: false });
      await d.kill(id);
    });

    it('in answers end that stream of the worker, and nothing is recorded', async () => {
      const job = d('1', { labels: ['nowhere'] });
      const id = await job.accepted;
      for (const [i, packedAnswers] of DAMAGED.entries()) {
        const work = await raw.register(`damaged ${String(i)}`);
        const batches = [{ job: id, count: 1, packedAnswers }];
        work.say({ message: { $case: 'answers', value: { seq: 1, batches } } });
        expect(await work.ended()).to.deep.include({
          code: status.INVALID_ARGUMENT,
          dsageCode: 'invalid-argument',
        });
      }
      expect((await d.job(id)).status).to.equal('waiting');
      await job.kill();
    });
  });

  describe('an upload', () => {
    const bytes = randomBytes(100_000);
    const sha256 = createHash('sha256').update(bytes).digest();
    const ref = { sha256, sizeBytes: bytes.length };
    type Message = Parameters<ReturnType<RawClient['client']['putBlob']>['write']>[0];
    const chunk = (value: Buffer): Message => ({ message: { $case: 'chunk', value } });
    const start = (value: typeof ref): Message => ({ message: { $case: 'ref', value } });

    const upload = (...messages: Message[]) =>
      new Promise<End>((resolve) => {
        const call = raw.client.putBlob((error) => {
          resolve(endOf(error ?? { code: 0, details: '' }));
        });
        for (const message of messages) call.write(message);
        call.end();
      });
    const isThere = () =>
      new Promise<boolean>((resolve, reject) => {
        raw.client.hasBlobs({ blobs: [ref] }, (error, response) => {
          if (error === null) resolve(response.missing.length === 0);
          else reject(error);
        });
      });
    const invalid = { code: status.INVALID_ARGUMENT, dsageCode: 'invalid-argument' };

    const wrong: Readonly<Record<string, Message[]>> = {
      'of another hash': [start(ref), chunk(Buffer.concat([bytes.subarray(1), Buffer.from([1])]))],
      'that is too short': [start(ref), chunk(bytes.subarray(1))],
      'that is too long': [start(ref), chunk(bytes), chunk(Buffer.from([1]))],
      'without a reference': [chunk(bytes)],
      'with two references': [start(ref), chunk(bytes.subarray(0, 9)), start(ref)],
      'of nothing': [],
      'under a name that is no hash': [
        start({ sha256: Buffer.from('../../etc'), sizeBytes: 9 }),
        chunk(bytes),
      ],
    };
    for (const [name, messages] of Object.entries(wrong)) {
      it(`${name} is refused, and nothing of it is kept`, async () => {
        expect(await upload(...messages)).to.deep.include(invalid);
        expect(await isThere()).to.equal(false);
      });
    }

    it('that says it is too large is refused before it is sent', async () => {
      const end = await upload(start({ sha256, sizeBytes: 2 ** 40 }));
      expect(end).to.include({ code: status.RESOURCE_EXHAUSTED, dsageCode: 'limit-exceeded' });
      expect(await isThere()).to.equal(false);
    });

    it('that is whole is kept, and read back', async () => {
      expect(
        await upload(start(ref), chunk(bytes.subarray(0, 60_000)), chunk(bytes.subarray(60_000))),
      ).to.include({
        code: status.OK,
      });
      expect(await isThere()).to.equal(true);
      const parts: Buffer[] = [];
      const stream = raw.client.getBlob({ blob: ref });
      stream.on('data', ({ chunk: part }: { chunk: Buffer }) => parts.push(part));
      expect(await endOfReading(stream)).to.include({ code: status.OK });
      expect(Buffer.concat(parts).equals(bytes)).to.equal(true);
    });
  });
});

/** What became of submissions, once there are so many verdicts. */
async function verdicts(
  session: Awaited<ReturnType<RawClient['openSession']>>,
  count: number,
): Promise<{ accepted: Map<number, number>; refused: Map<number, string> }> {
  const accepted = new Map<number, number>();
  const refused = new Map<number, string>();
  let seen = 0;
  await session.hear(({ message }: SessionResponse) => {
    if (message?.$case !== 'accepted') return false;
    if (message === session.heard.find((it) => it.message?.$case === 'accepted')?.message) seen = 0;
    for (const { seq, job } of message.value.jobs) accepted.set(seq, job);
    for (const { seq, problem } of message.value.refused) refused.set(seq, problem?.code ?? '');
    seen += message.value.jobs.length + message.value.refused.length;
    return seen >= count;
  });
  return { accepted, refused };
}
