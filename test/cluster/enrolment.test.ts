import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { expect } from 'chai';

import { dsagePath } from '../support/cli.js';
import { type Cluster, startCluster } from '../support/cluster.js';
import { filesBelow } from '../support/refusal.js';
import { makeTempDir, removeTempDirs } from '../support/temp-dir.js';

describe('a colleague who joins by the commands', function () {
  this.timeout(60_000);
  let cluster: Cluster;
  let theirs: string;
  let post: string;
  let request: string;
  let certificate: string;

  before(async () => {
    cluster = await startCluster({ workers: 1 });
    [theirs, post] = [makeTempDir(), makeTempDir()];
    request = join(post, 'grace.csr');
    certificate = join(post, 'grace.pem');
  });
  after(async () => {
    await cluster.stop();
    removeTempDirs();
  });

  async function dsage(directory: string, ...args: string[]): Promise<{ code: number | null; said: string }> {
    const where = ['--directory', directory, '--server', cluster.address];
    const child = spawn(process.execPath, [dsagePath, ...where, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
    }
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, said };
  }

  it('request, add, accept: the key never leaves its machine, and jobs run', async () => {
    const requested = await dsage(theirs, 'user', 'request', 'grace', '--out', request);
    expect(requested.code, requested.said).to.equal(0);
    const key = readFileSync(join(theirs, 'dsage_key'), 'utf8');
    expect(statSync(join(theirs, 'dsage_key')).mode & 0o777).to.equal(0o600);
    const added = await dsage(
      cluster.directory,
      'user',
      'add',
      'grace',
      '--csr',
      request,
      '--out',
      certificate,
    );
    expect(added.code, added.said).to.equal(0);
    const accepted = await dsage(theirs, 'user', 'accept', certificate);
    expect(accepted.code, accepted.said).to.equal(0);
    expect(readFileSync(join(theirs, 'dsage_key'), 'utf8')).to.equal(key);
    for (const file of [request, certificate]) {
      expect(readFileSync(file, 'utf8')).to.not.include('PRIVATE KEY');
    }
    expect(existsSync(join(theirs, 'cacert.pem'))).to.equal(false);
    // The worker is an admin's: it runs everybody's tasks.
    const ran = await dsage(theirs, 'eval', '6 * 7');
    expect([ran.code, ran.said.trim()]).to.deep.equal([0, '42']);
    const listed = await dsage(cluster.directory, 'user', 'list');
    expect(listed.said).to.match(/grace +user +enabled/);
  });

  it('disable and enable act on the next command', async () => {
    expect((await dsage(cluster.directory, 'user', 'disable', 'grace')).code).to.equal(0);
    const refused = await dsage(theirs, 'jobs');
    expect(refused.code).to.equal(4);
    expect(refused.said).to.match(/^dsage: The user grace has been disabled\.\n {2}Ask an admin/);
    expect((await dsage(cluster.directory, 'user', 'enable', 'grace')).code).to.equal(0);
    expect((await dsage(theirs, 'jobs')).code).to.equal(0);
  });

  it('a certificate of another key, or of another cluster, is not accepted, and changes nothing', async () => {
    const other = makeTempDir();
    const otherRequest = join(post, 'heidi.csr');
    expect((await dsage(other, 'user', 'request', 'heidi', '--out', otherRequest)).code).to.equal(0);
    const before = filesBelow(other);
    const accepted = await dsage(other, 'user', 'accept', certificate);
    expect(accepted.code).to.not.equal(0);
    expect(accepted.said).to.match(/^dsage: .*(key|pair)/);
    expect(filesBelow(other)).to.deep.equal(before);
    const garbage = await dsage(other, 'user', 'accept', otherRequest);
    expect(garbage.code).to.not.equal(0);
    expect(garbage.said).to.match(/^dsage: .*heidi\.csr/);
    expect(filesBelow(other)).to.deep.equal(before);
  });
});
