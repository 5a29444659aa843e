import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect } from 'chai';

import type { Dsage } from '#dsage/client/connect.js';
import { setup } from '#dsage/deploy/setup.js';
import { type Cluster, startCluster } from '../support/cluster.js';
import { makeTempDir, removeTempDirs } from '../support/temp-dir.js';

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const LARGE = 'large.bin';

/** Runs a program to its end; one that does not end is a failure. */
async function run(program: string, ...args: readonly string[]): Promise<Ran> {
  const path = fileURLToPath(import.meta.resolve(`#dsage/bin/${program}.js`));
  const child = spawn(process.execPath, [path, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 30_000,
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

/** One line that says what happened, begun with the program's name; the advice may have a line of its own. */
function expectOneLine(program: string, { stdout, stderr }: Ran, says: RegExp): void {
  expect(stdout).to.equal('');
  const [what = '', ...advice] = stderr.trimEnd().split('\n');
  expect(what).to.match(new RegExp(`^${program}: `));
  expect(stderr).to.match(says);
  expect(stderr).to.not.match(/\n\s+at |node:internal|undefined|\[object/);
  expect(advice.length, stderr).to.be.at.most(1);
  if (advice.length === 1) expect(advice[0]).to.match(/^ {2}\S/);
}

describe('a command that is given bad input says so in one line, with an exit code:', function () {
  this.timeout(60_000);
  let cluster: Cluster;
  let d: Dsage;
  let folder: string;

  before(async () => {
    cluster = await startCluster({ workers: 1 });
    d = await cluster.connect();
    await d('2 + 2').wait({ timeoutMs: 20_000 });
    await d('1', { labels: ['nowhere'] }).accepted;
    folder = makeTempDir();
    writeFileSync(join(folder, LARGE), '');
    truncateSync(join(folder, LARGE), 513 * 1024 * 1024);
  });
  after(async () => {
    await cluster.stop();
    removeTempDirs();
  });

  const cases: [string[], number, RegExp][] = [
    [['job', '4711'], 5, /no job 4711[^]*dsage jobs/],
    [['kill', '4711'], 5, /no job 4711/],
    [['kill', '2', '4711'], 5, /no job 4711/],
    [['rerun', '4711'], 5, /no job 4711/],
    [['forget', '4711'], 5, /no job 4711/],
    [['explain', '4711'], 5, /no job 4711/],
    [['logs', '4711'], 5, /no job 4711/],
    [['wait', '4711'], 5, /no job 4711/],
    [['pause', '4711'], 5, /no job 4711/],
    [['job', 'abc'], 2, /abc/],
    [['job', '0'], 2, /\b0\b/],
    [['rerun', '2'], 1, /Job 2 has not ended[^]*Kill it first/],
    [['forget', '2'], 1, /Job 2 has not ended[^]*Kill it first/],
    [['logs', '1', '--task', '7'], 5, /no task 7/],
    [['eval', ''], 2, /no code/],
    [['eval', '1', '--priority', '9'], 2, /1 \(highest\) to 5/],
    [['eval', '1', '--vars', '{'], 2, /JSON/],
    [['eval', '1', '--file', '/nowhere.txt'], 2, /\/nowhere\.txt/],
    [['eval', '1', '--file', LARGE], 1, /large\.bin has 537,919,488 bytes/],
    [['eval', '1', '--evaluator', 'fortran'], 2, /fortran/],
    [['eval', '1', '--time-limit', 'soon'], 2, /90s/],
    [['priority', '9', '2'], 2, /1.*5/],
    [['user', 'disable', 'nobody'], 5, /no user nobody/],
    [['user', 'add', 'zoe', '--csr', '/nowhere.csr'], 2, /\/nowhere\.csr/],
    [['user', 'add', 'a b', '--csr', LARGE], 2, /a b/],
    [['drain', '99'], 5, /no worker 99/],
    [['nonsense'], 2, /nonsense/],
    [['jobs', '--nonsense'], 2, /--nonsense/],
  ];
  for (const [args, code, says] of cases) {
    it(`dsage ${args.map((arg) => arg || "''").join(' ')}`, async () => {
      const before = await d.jobs().toArray();
      const ran = await run(
        'dsage',
        '--directory',
        cluster.directory,
        '--server',
        cluster.address,
        ...args.map((arg) => (arg === LARGE ? join(folder, LARGE) : arg)),
      );
      expect(ran.code, ran.stderr).to.equal(code);
      expectOneLine('dsage', ran, says);
      expect(await d.jobs().toArray()).to.deep.equal(before);
    });
  }

  it('dsage eval of a syntax error shows line, column and the line itself', async () => {
    const ran = await run(
      'dsage',
      '--directory',
      cluster.directory,
      '--server',
      cluster.address,
      'eval',
      '1 +',
    );
    expect(ran).to.include({ code: 2, stdout: '' });
    expect(ran.stderr).to.match(/^dsage: .*line 1, column 4:?\n/);
    expect(ran.stderr).to.include('1 +');
    expect(ran.stderr).to.not.match(/\n\s+at /);
  });

  describe('where the cluster is not as it must be', () => {
    let whole: string;
    let taken: { port: string; close: () => void };

    before(async () => {
      whole = makeTempDir();
      await setup({ directory: whole });
      const listener = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
      await once(listener, 'listening');
      taken = {
        port: String((listener.address() as AddressInfo).port),
        close: () => void listener.close(),
      };
    });
    after(() => {
      taken.close();
    });

    const serve = (...args: string[]) =>
      run('dsage-server', '--directory', whole, '--host', '127.0.0.1', ...args);

    it('no server at the address', async () => {
      const ran = await run('dsage', '--directory', whole, '--server', '127.0.0.1:9', 'jobs');
      expect(ran.code).to.equal(3);
      expectOneLine('dsage', ran, /No dsage server answers at 127\.0\.0\.1:9/);
    });

    it('a server of another cluster', async () => {
      const ran = await run('dsage', '--directory', whole, '--server', cluster.address, 'jobs');
      expect(ran.code).to.equal(3);
      expectOneLine('dsage', ran, /certificate of another cluster/);
      const worker = await run('dsage-worker', '--directory', whole, '--server', cluster.address);
      expect(worker.code).to.equal(2);
      expectOneLine('dsage-worker', worker, /certificate of another cluster/);
    });

    it('ports in use, and ports that are none', async () => {
      const one = await serve('--port', taken.port, '--web-port', '0');
      expect(one.code).to.equal(1);
      expectOneLine('dsage-server', one, new RegExp(`Port ${taken.port} on 127\\.0\\.0\\.1 is in use`));
      const web = await serve('--port', '0', '--web-port', taken.port);
      expect(web.code).to.equal(1);
      expectOneLine('dsage-server', web, new RegExp(`[Pp]ort ${taken.port}.*in use`));
      const none = await serve('--port', '65536');
      expect(none.code).to.equal(2);
      expectOneLine('dsage-server', none, /0 to 65535/);
      const up = await run('dsage', '--directory', whole, 'up', '--host', '127.0.0.1', '--port', taken.port);
      expect(up.code).to.equal(1);
      expectOneLine('dsage', up, new RegExp(`Port ${taken.port} on 127\\.0\\.0\\.1 is in use`));
    });

    it('a second server on the directory', async () => {
      const ran = await run(
        'dsage-server',
        '--directory',
        cluster.directory,
        '--port',
        '0',
        '--web-port',
        '0',
      );
      expect(ran.code).to.equal(1);
      expectOneLine('dsage-server', ran, new RegExp(`process ${String(cluster.server?.pid)}\\)`));
      // The file that says where the first one is speaks of the first one still.
      const said = JSON.parse(readFileSync(join(cluster.directory, 'server.json'), 'utf8')) as {
        pid: number;
      };
      expect(said.pid).to.equal(cluster.server?.pid);
    });

    it('a directory that cannot be made, and one without a cluster', async () => {
      const file = join(folder, 'file');
      writeFileSync(file, '');
      const below = join(file, 'dsage');
      const empty = join(folder, 'empty');
      mkdirSync(empty);
      for (const [program, directory, code] of [
        ['dsage', below, 1],
        ['dsage-server', below, 1],
        ['dsage-server', empty, 1],
        ['dsage-worker', below, 1],
        ['dsage-worker', empty, 1],
      ] as const) {
        const ran = await run(program, '--directory', directory, ...(program === 'dsage' ? ['setup'] : []));
        expect(ran.code, ran.stderr).to.equal(code);
        expectOneLine(program, ran, new RegExp(directory));
      }
    });

    it('a damaged key', async () => {
      const directory = makeTempDir();
      await setup({ directory });
      writeFileSync(join(directory, 'dsage_key'), 'no key');
      for (const program of ['dsage', 'dsage-server', 'dsage-worker'] as const) {
        const ran = await run(program, '--directory', directory, ...(program === 'dsage' ? ['jobs'] : []));
        expect(ran.code).to.equal(1);
        expectOneLine(program, ran, /dsage_key is damaged: it holds no private key/);
      }
    });
  });
});
