import { existsSync, readFileSync } from 'node:fs';

import { expect } from 'chai';

import type { Dsage } from '#dsage/client/connect.js';
import { type Cluster, eventually, startCluster } from '../support/cluster.js';
import { RawClient } from '../support/raw-client.js';
import { removeTempDirs } from '../support/temp-dir.js';

/** Below what travels as a blob. */
const ANSWER_BYTES = 250_000;
const ANSWERS = 800;
const OUTPUT_BYTES = 60_000_000;
/** What the server's memory may grow by, MiB: far less than 200 MB of answers for each of three that don't read. */
const MAX_GROWTH_MB = 150;
/** More than two of the pings that both sides send. */
const IDLE_MS = 12_000;

describe('clients that do not read', function () {
  this.timeout(120_000);
  let cluster: Cluster | undefined;
  let d: Dsage;
  let raw: RawClient | undefined;

  before(async function () {
    if (!existsSync('/proc/self/status')) this.skip();
    cluster = await startCluster({ workers: 1, slots: 2 });
    d = await cluster.connect();
    raw = new RawClient(cluster.address, cluster.directory);
  });
  after(async () => {
    raw?.close();
    await cluster?.stop();
    removeTempDirs();
  });

  /** Memory of the server that is its own, MiB: the database's pages in the system's cache are not. */
  function ownMemoryMb(): number {
    const text = readFileSync(`/proc/${String(cluster?.server?.pid)}/status`, 'utf8');
    return Number(/^RssAnon:\s+(\d+) kB$/m.exec(text)?.[1]) / 1024;
  }

  it('leave the server its memory, and everybody else their answers', async () => {
    if (raw === undefined) throw new Error('there is no client');
    const client = raw;
    const startedAt = Date.now();
    const idle = await client.openSession('idle');
    await d.map((n: number) => n, [1, 2, 3]).wait({ timeoutMs: 20_000 });
    const before = ownMemoryMb();
    let most = before;
    const meter = setInterval(() => (most = Math.max(most, ownMemoryMb())), 20);

    const map = d.map(
      (n: number, size: number) => String(n % 10).repeat(size),
      Array.from({ length: ANSWERS }, (_, n) => n),
      Array<number>(ANSWERS).fill(ANSWER_BYTES),
    );
    const id = await map.accepted;
    // Three clients ask for all answers, and stop reading: one after the other has seen a first message.
    const stalled = await Promise.all(
      ['one', 'two', 'three'].map(async (name) => {
        const talk = await client.openSession(name);
        talk.stream.pause();
        const watch = { job: id, fromOrdinal: 0, statusOnly: false };
        talk.say({ message: { $case: 'watch', value: { jobs: [watch] } } });
        return talk;
      }),
    );
    const results = await map.wait({ timeoutMs: 90_000 });
    clearInterval(meter);
    expect(results).to.have.lengthOf(ANSWERS);
    expect(most - before, `${String(before)} MiB before, at most ${String(most)}`).to.be.lessThan(
      MAX_GROWTH_MB,
    );

    // One that reads on after all gets every answer.
    const late = stalled[0];
    late?.stream.resume();
    let bytes = 0;
    await eventually(
      'all answers',
      () => {
        for (const { message } of late?.heard.splice(0) ?? []) {
          if (message?.$case !== 'events') continue;
          for (const { packedAnswers } of message.value.answers) bytes += packedAnswers.length;
        }
        return bytes >= ANSWERS * ANSWER_BYTES;
      },
      30_000,
    );
    for (const talk of stalled) talk.stream.cancel();

    // Meanwhile the idle one has been pinged more than twice, and is still there.
    await eventually('it has been idle for long', () => Date.now() - startedAt >= IDLE_MS, IDLE_MS + 1_000);
    expect(idle.end).to.equal(undefined);
    expect((await d.clients()).map(({ session }) => session)).to.include('idle');
  });

  it('are told to read again when the output they follow runs away from them', async () => {
    const before = ownMemoryMb();
    let most = before;
    const meter = setInterval(() => (most = Math.max(most, ownMemoryMb())), 20);
    const job = d(
      'const line = "x".repeat(999) + "\\n"; for (let i = 0; i < bytes / 1000; i++) { process.stdout.write(line); if (i % 1000 === 0) await new Promise((r) => setTimeout(r, 5)); }',
      { vars: { bytes: OUTPUT_BYTES }, maxOutputBytes: 2 * OUTPUT_BYTES },
    );
    const id = await job.accepted;
    const follower = raw?.client.readOutput({ job: id, index: undefined, follow: true, tailBytes: 0 });
    let code: string | undefined;
    // It reads one message: for a stream that nobody has begun to read, grpc-js itself reads on.
    follower?.on('error', () => undefined).once('data', () => follower.pause());
    follower?.on('status', ({ metadata }) => (code = metadata.get('dsage-code')[0]?.toString()));
    await eventually(
      'the job ends',
      async () => (await d.jobs().toArray())[0]?.status === 'completed',
      90_000,
    );
    clearInterval(meter);
    expect(most - before, `${String(before)} MiB before, at most ${String(most)}`).to.be.lessThan(
      MAX_GROWTH_MB,
    );
    follower?.on('data', () => undefined).resume();
    await eventually('the follower is told', () => code !== undefined, 30_000);
    expect(code).to.equal('limit-exceeded');
  });
});
