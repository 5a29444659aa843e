import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { expect } from 'chai';

import { isAlive, runningServer } from '#dsage/deploy/run-file.js';
import { startAll, startCluster } from '#dsage/deploy/start-all.js';
import { stopAll } from '#dsage/deploy/stop-all.js';

import { finished } from '../support/cli.js';
import { eventually } from '../support/cluster.js';
import { rejection } from '../support/rejection.js';
import { makeTempDir, removeTempDirs } from '../support/temp-dir.js';

const ANY = { port: 0, webPort: 0 } as const;
const root = fileURLToPath(new URL('../../', import.meta.url));

describe('startAll', function () {
  this.timeout(90_000);

  after(async () => {
    await stopAll();
    removeTempDirs();
  });

  it('sets up, starts a server and two workers, and gives a connection; stopAll ends them all', async () => {
    const directory = makeTempDir();
    const d = await startAll({ directory, ...ANY });
    expect(await d('2+2').wait()).to.equal(4);
    expect(await d.workerCount()).to.include({ total: 2 });
    const server = runningServer(directory);
    const pids = [server!.pid, ...(await d.workers()).map(({ pid }) => pid)];
    expect(pids.every(isAlive)).to.equal(true);
    await d.close();
    expect(await stopAll()).to.deep.equal({ servers: 1, workers: 2 });
    expect(pids.some(isAlive)).to.equal(false);
    expect(existsSync(join(directory, 'server.json'))).to.equal(false);
    expect(await stopAll()).to.deep.equal({ servers: 0, workers: 0 });
    expect(await stopAll({ directory })).to.deep.equal({ servers: 0, workers: 0 });
  });

  it('uses the server that runs on the directory, and starts only the workers that are missing', async () => {
    const directory = makeTempDir();
    const first = await startCluster({ directory, workers: 1, ...ANY });
    const second = await startCluster({ directory, workers: 2 });
    expect(second.server).to.equal(undefined);
    expect(second.address).to.equal(first.address);
    expect(second.workers.length).to.equal(1);
    expect((await second.d.workerCount()).total).to.equal(2);
    await Promise.all([first.d.close(), second.d.close()]);
    expect(await stopAll()).to.deep.equal({ servers: 1, workers: 2 });
  });

  it('keeps what it is asked to keep: another process finds it and stops it', async () => {
    const directory = makeTempDir();
    const script = `import { dsage } from 'dsage';
      const d = await dsage.startAll({ workers: 1, port: 0, webPort: 0, keep: true });
      console.log(await d('6*7').wait());
      await d.close();`;
    const ran = await runScript(script, directory);
    expect(ran).to.deep.include({ code: 0, stdout: '42\n' });
    const server = runningServer(directory);
    expect(server).to.not.equal(undefined);
    expect(await stopAll({ directory })).to.deep.equal({ servers: 1, workers: 1 });
    expect(isAlive(server!.pid)).to.equal(false);
  });

  it('does not keep a program alive that has closed its connection', async () => {
    const directory = makeTempDir();
    const script = `import { dsage } from 'dsage';
      const d = await dsage.startAll({ workers: 1, port: 0, webPort: 0 });
      console.log(JSON.stringify((await d.workers()).map(({ pid }) => pid)));
      await d.close();`;
    const { stdout, code } = await runScript(script, directory);
    expect(code).to.equal(0);
    const pids = JSON.parse(stdout) as number[];
    await eventually('the worker ends', () => !pids.some(isAlive));
    await eventually('the server ends', () => runningServer(directory) === undefined);
  });

  it('leaves nothing behind when the program is killed with SIGKILL', async () => {
    const directory = makeTempDir();
    const script = `import { dsage } from 'dsage';
      const d = await dsage.startAll({ workers: 2, port: 0, webPort: 0 });
      console.log(JSON.stringify((await d.workers()).map(({ pid }) => pid)));`;
    const child = spawnScript(script, directory);
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    const pids = [runningServer(directory)!.pid, ...(JSON.parse(line) as number[])];
    expect(pids.every(isAlive)).to.equal(true);
    child.kill('SIGKILL');
    await eventually('all end', () => !pids.some(isAlive));
  });

  it('starts again where a server was killed, and has its jobs', async () => {
    const directory = makeTempDir();
    const first = await startCluster({ directory, workers: 0, ...ANY });
    const id = await first.d('3*4').accepted;
    process.kill(first.server!.pid, 'SIGKILL');
    await first.server!.ended;
    expect(existsSync(join(directory, 'server.json'))).to.equal(true);
    await first.d.close({ timeoutMs: 1 });
    const d = await startAll({ directory, workers: 1, ...ANY });
    expect(await (await d.job(id)).wait({ timeoutMs: 20_000 })).to.equal(12);
    await d.close();
    await stopAll();
  });

  it('names a port that is in use, and what to do; nothing is left running', async () => {
    const blocker = createServer().listen(0, '0.0.0.0');
    await once(blocker, 'listening');
    const { port } = blocker.address() as AddressInfo;
    try {
      const directory = makeTempDir();
      const error = await rejection(startAll({ directory, port, webPort: 0 }));
      expect(error).to.have.property('code', 'setup');
      expect(error.message)
        .to.contain(String(port))
        .and.match(/in use.*dsage stop.*another/);
      const webError = await rejection(startAll({ directory, port: 0, webPort: port, host: '127.0.0.1' }));
      expect(webError).to.have.property('code', 'setup');
      expect(webError.message).to.contain(String(port));
      expect(runningServer(directory)).to.equal(undefined);
      expect(await stopAll()).to.deep.equal({ servers: 0, workers: 0 });
    } finally {
      blocker.close();
    }
  });

  it('refuses options that make no sense before it starts anything', async () => {
    const directory = join(makeTempDir(), 'new');
    for (const bad of [{ port: 65_536 }, { port: 1.5 }, { webPort: -1 }, { workers: -1 }, { workers: 1e6 }]) {
      expect(await rejection(startAll({ directory, ...bad }))).to.have.property('code', 'invalid-argument');
    }
    expect(await rejection(startAll({ directory, ...ANY, slots: 0 }))).to.have.property(
      'code',
      'invalid-argument',
    );
    expect(existsSync(directory)).to.equal(false);
  });

  it('npm start -- --once shows that all of it works, and ends', async () => {
    const env = { ...process.env, DSAGE_DIR: makeTempDir() };
    const child = spawn(process.execPath, [join(root, 'scripts', 'start.mjs'), '--once'], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const { code, stdout, stderr } = await finished(child);
    expect(code, stderr).to.equal(0);
    expect(stdout)
      .to.match(/gave 4/)
      .and.match(/5000 of 5000/)
      .and.match(/664,579 primes/);
    expect(runningServer(env.DSAGE_DIR)).to.equal(undefined);
    expect(readFileSync(join(env.DSAGE_DIR, 'server.log'), 'utf8')).to.contain('the server has stopped');
  });
});

/** A program of a user's, in the package's own folder so that it finds `dsage`. */
function spawnScript(script: string, directory: string) {
  return spawn(process.execPath, ['--input-type=module', '-e', script], {
    cwd: root,
    env: { ...process.env, DSAGE_DIR: directory },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

function runScript(script: string, directory: string) {
  return finished(spawnScript(script, directory));
}
