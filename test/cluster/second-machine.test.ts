import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect } from 'chai';

import { connect, type Dsage } from '#dsage/client/connect.js';
import type { Job } from '#dsage/client/job.js';
import { createCsr } from '#dsage/security/pki.js';
import { type Cluster, eventually, startCluster } from '../support/cluster.js';
import { newJob, RawClient } from '../support/raw-client.js';
import { failureOf, refused } from '../support/refusal.js';
import { makeTempDir, removeTempDirs } from '../support/temp-dir.js';

const PAIR = ['dsage_key', 'dsage_key.pub', 'pubcert.pem'];
const SOON = { timeoutMs: 20_000 };

describe('a second machine', function () {
  this.timeout(60_000);
  let cluster: Cluster;

  before(async () => {
    cluster = await startCluster({ workers: 0 });
  });
  after(async () => {
    await cluster.stop();
    removeTempDirs();
  });

  it('needs the key pair and pubcert.pem, and nothing else, for a client and a worker that runs tasks', async () => {
    const directory = makeTempDir();
    for (const name of PAIR) cpSync(join(cluster.directory, name), join(directory, name));
    await cluster.startWorker('--directory', directory, '--name', 'second');
    const d = await cluster.connect({ directory });
    const job = d('process.env.HOME !== undefined, 6 * 7');
    expect(await job.wait(SOON)).to.equal(42);
    expect((await d.tasks(job.id ?? 0).toArray()).map(({ worker }) => worker)).to.deep.equal([1]);
    expect((await d.workers()).map(({ name }) => name)).to.deep.equal(['second']);
    // Its task files and its log are there, and nothing of a server's.
    expect(existsSync(join(directory, 'worker.log'))).to.equal(true);
    expect(existsSync(join(directory, 'db'))).to.equal(false);
    expect(existsSync(join(directory, 'cacert.pem'))).to.equal(false);
  });
});

describe('a colleague', function () {
  this.timeout(60_000);
  let cluster: Cluster;
  let admin: Dsage;
  let bob: Dsage;
  let theirs: string;

  before(async () => {
    cluster = await startCluster({ workers: 0 });
    admin = await cluster.connect();
    theirs = await admit('bob');
    bob = await cluster.connect({ directory: theirs, user: 'bob' });
  });
  after(async () => {
    await cluster.stop();
    removeTempDirs();
  });

  /** A directory with what a new user has: the key that never left it, and what the admin sent back. */
  async function admit(name: string): Promise<string> {
    const directory = makeTempDir();
    mkdirSync(directory, { recursive: true });
    const { csrPem, keyPem } = await createCsr(name);
    const { certificatePem, caPem } = await admin.users.add({ name, csrPem });
    writeFileSync(join(directory, 'dsage_key'), keyPem, { mode: 0o600 });
    writeFileSync(join(directory, 'dsage_key.pub'), certificatePem);
    writeFileSync(join(directory, 'pubcert.pem'), caPem);
    return directory;
  }

  it('has a worker that runs own tasks only, and explain says why the others wait', async () => {
    await cluster.startWorker('--directory', theirs, '--name', 'bobs');
    const foreign = admin('1', { name: 'of the admin' });
    await foreign.accepted;
    expect(await bob('6 * 7').wait(SOON)).to.equal(42);
    expect((await admin.job(foreign.id ?? 0)).status).to.equal('waiting');
    const { reasons, workers } = await foreign.explain();
    expect(reasons.join(' ')).to.match(/bob|no worker/i);
    expect(workers).to.have.lengthOf(1);
    expect(workers[0]).to.deep.include({ name: 'bobs', canRun: false });
    expect(workers[0]?.reason).to.match(/bob/);
    // A worker of the cluster takes it at once.
    await cluster.startWorker('--name', 'shared');
    await foreign.wait(SOON);
    const [task] = await admin.tasks(foreign.id ?? 0).toArray();
    expect(task?.worker).to.equal((await admin.workers()).find(({ name }) => name === 'shared')?.worker);
  });

  it("claims nothing by the id of another one's session", async () => {
    const clients = [cluster.directory, theirs].map((dir) => new RawClient(cluster.address, dir));
    try {
      const jobs: number[] = [];
      for (const client of clients) {
        const talk = await client.openSession('the same');
        talk.say({ message: { $case: 'jobs', value: { jobs: [newJob(1)] } } });
        const heard = await talk.hear(({ message }) => message?.$case === 'accepted');
        if (heard.message?.$case === 'accepted') jobs.push(...heard.message.value.jobs.map(({ job }) => job));
      }
      expect(new Set(jobs).size).to.equal(2);
      const owners = await Promise.all(jobs.map(async (job) => (await admin.jobInfo(job)).owner));
      expect(owners[0]).to.not.equal('bob');
      expect(owners[1]).to.equal('bob');
      // Both are still there: the second one did not end the first one's stream.
      const theSame = (await admin.clients()).filter(({ session }) => session === 'the same');
      expect(theSame).to.have.lengthOf(2);
      await admin.kill(jobs);
    } finally {
      for (const client of clients) client.close();
    }
  });

  it('sees and touches own jobs only, and may not administer', async () => {
    const foreign = admin('1', { labels: ['nowhere'] });
    const id = await foreign.accepted;
    const names = (await bob.jobs().toArray()).map(({ owner }) => owner);
    expect(new Set(names)).to.deep.equal(new Set(['bob']));
    const denied = { code: 'permission-denied', hint: /owner|admin/ } as const;
    await refused(() => bob.kill(id), { ...denied, says: new RegExp(`Job ${String(id)} is another user's`) });
    await refused(() => bob.job(id), { ...denied, says: /another user's/ });
    await refused(() => bob.jobs({ owner: '*' }).toArray(), { ...denied, says: /other users' jobs/ });
    await refused(() => bob.users.list(), { ...denied, says: /user bob may not call .*ListUsers/ });
    await refused(() => bob.stopServer(), { ...denied, says: /user bob may not call .*StopServer/ });
    await refused(() => bob.serverLog(), { ...denied, says: /Logs speak of all users/ });
    const shared = (await admin.workers()).find(({ name }) => name === 'shared')?.worker ?? 0;
    await refused(() => bob.drainWorker(shared), { ...denied, says: /another user/ });
    expect(new Set((await bob.clients()).map(({ user }) => user))).to.deep.equal(new Set(['bob']));
    expect((await admin.job(id)).status).to.equal('waiting');
    await foreign.kill();
  });

  it('reads in the reason of a job who killed it, unless that was its owner with a reason', async () => {
    const reasonOf = async (kill: (id: number) => Promise<unknown>) => {
      const id = await bob('1', { labels: ['nowhere'] }).accepted;
      await kill(id);
      return (await bob.jobInfo(id)).reason;
    };
    const me = (await admin.users.list()).find(({ role }) => role === 'admin')?.name ?? '';
    expect(await reasonOf((id) => admin.kill(id))).to.equal(`Killed by ${me}.`);
    expect(await reasonOf((id) => admin.kill(id, 'too long'))).to.equal(`too long (killed by ${me})`);
    expect(await reasonOf((id) => bob.kill(id))).to.equal('Killed by bob.');
    expect(await reasonOf((id) => bob.kill(id, 'a typo'))).to.equal('a typo');
  });

  it('is cut off at once when disabled: waits, output, the worker; and is back when enabled', async () => {
    const dir = await admit('carol');
    const carol = await connect({ server: cluster.address, directory: dir });
    const worker = await cluster.startWorker('--directory', dir, '--name', 'carols');
    const job = carol('for (;;) { console.log("tick"); await new Promise((r) => setTimeout(r, 20)); }', {
      maxAttempts: 1,
    });
    const follower = job.follow()[Symbol.asyncIterator]();
    expect((await follower.next()).value).to.have.property('text');

    const waiting = failureOf(() => job.wait());
    const reading = failureOf(async () => {
      while ((await follower.next()).done !== true);
    });
    const startedAt = performance.now();
    await admin.users.disable('carol');
    for (const error of [await waiting, await reading]) {
      expect(error).to.include({ code: 'unauthenticated' });
      expect((error as Error).message).to.match(/The user carol has been disabled\. Ask an admin/);
    }
    expect(performance.now() - startedAt).to.be.lessThan(2_000);
    expect(carol.isConnected()).to.equal(false);
    await refused(() => carol('1'), {
      code: 'unauthenticated',
      says: /carol has been disabled/,
      hint: /admin/,
    });
    await refused(() => connect({ server: cluster.address, directory: dir }), {
      ...{ code: 'unauthenticated', says: /carol has been disabled/, hint: /admin/ },
    });
    await eventually('the worker is away', async () => !(await isConnected('carols')));
    await carol.close();

    await admin.users.enable('carol');
    const again = await connect({ server: cluster.address, directory: dir });
    expect((await again.jobs().toArray()).map(({ id }) => id)).to.deep.equal([job.id]);
    await (await again.job(job.id ?? 0)).kill();
    await again.close();
    await worker.end('SIGKILL');
  });

  it('is unknown once removed, and the jobs stay for the admins', async () => {
    const dir = await admit('dave');
    const dave = await connect({ server: cluster.address, directory: dir });
    const job: Job = dave('1', { labels: ['nowhere'] });
    const id = await job.accepted;
    const waiting = failureOf(() => job.wait());
    await admin.users.remove('dave');
    expect(await waiting).to.include({ code: 'unauthenticated' });
    await refused(() => connect({ server: cluster.address, directory: dir }), {
      code: 'unauthenticated',
      says: /certificate of user dave is not one this server knows/,
      hint: /dsage user add/,
    });
    await dave.close();
    expect((await admin.jobs({ owner: 'dave' }).toArray()).map((found) => found.id)).to.deep.equal([id]);
    // Somebody else of that name gets a new certificate; the old one stays worthless.
    await admit('dave');
    await refused(() => connect({ server: cluster.address, directory: dir }), {
      code: 'unauthenticated',
      says: /not one this server knows/,
      hint: /dsage user add/,
    });
    await admin.kill(id);
  });

  it('stays known after a restart of the server, and a disabled one stays disabled', async () => {
    const dir = await admit('erin');
    await admin.users.disable('erin');
    await cluster.killServer();
    await cluster.restartServer();
    await eventually('bob is back', () => bob.isConnected());
    expect(await bob('2 + 2').wait(SOON)).to.equal(4);
    await refused(() => connect({ server: cluster.address, directory: dir }), {
      ...{ code: 'unauthenticated', says: /erin has been disabled/, hint: /admin/ },
    });
  });

  async function isConnected(name: string): Promise<boolean> {
    return (await admin.workers()).some((worker) => worker.name === name && worker.connected);
  }
});
