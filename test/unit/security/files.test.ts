import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { DsageError } from '#dsage/model/errors.js';
import { ensureClusterFiles } from '#dsage/security/files.js';
import { fitUserName } from '#dsage/security/hosts.js';
import { loadCa, loadClientFiles, loadServerFiles } from '#dsage/security/load.js';
import { clusterPaths } from '#dsage/security/paths.js';
import { issueForKey } from '#dsage/security/pki.js';
import { expect } from 'chai';

import { makeTempDir, removeTempDirs } from '../../support/temp-dir.js';

const FILES = ['cacert.pem', 'dsage_key', 'dsage_key.pub', 'pubcert.pem', 'server_key.pem'];

async function refusal(run: () => unknown): Promise<DsageError> {
  try {
    await run();
  } catch (error) {
    if (error instanceof DsageError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

function contents(dir: string): Record<string, string> {
  return Object.fromEntries(FILES.map((name) => [name, readFileSync(join(dir, name), 'utf8')]));
}

describe('ensureClusterFiles', () => {
  after(removeTempDirs);

  it('makes all files with their modes, and a user who is an admin', async () => {
    const dir = join(makeTempDir(), 'deep', 'dsage');
    const { created, user } = await ensureClusterFiles(dir, { user: 'alice' });
    expect([...created].sort()).to.deep.equal(FILES);
    expect(user).to.include({ role: 'admin', name: 'alice' });
    expect(readdirSync(dir).sort()).to.deep.equal(['blobs', ...FILES, 'db', 'tmp_worker_files'].sort());
    const modes = Object.fromEntries(
      readdirSync(dir).map((name) => [name, (statSync(join(dir, name)).mode & 0o777).toString(8)]),
    );
    expect(modes).to.deep.equal({
      blobs: '700',
      'cacert.pem': '600',
      db: '700',
      dsage_key: '600',
      'dsage_key.pub': '644',
      'pubcert.pem': '644',
      'server_key.pem': '600',
      tmp_worker_files: '700',
    });
    expect((statSync(dir).mode & 0o777).toString(8)).to.equal('700');
    expect(loadClientFiles(dir).identity).to.deep.equal(user);
    expect(loadServerFiles(dir).identity.role).to.equal('server');
    expect(loadServerFiles(dir).cluster).to.equal(loadClientFiles(dir).cluster);
  });

  it('changes nothing the second time, whatever user it is asked for', async () => {
    const dir = makeTempDir();
    const first = await ensureClusterFiles(dir, { user: 'alice' });
    const before = contents(dir);
    const second = await ensureClusterFiles(dir, { user: 'bob' });
    expect(second.created).to.deep.equal([]);
    expect(second.user).to.deep.equal(first.user);
    expect(contents(dir)).to.deep.equal(before);
  });

  it('ends consistent after a crash between any two files', async () => {
    const dir = makeTempDir();
    await ensureClusterFiles(dir);
    // In the order in which they are made: a crash leaves the first few.
    const order = ['cacert.pem', 'server_key.pem', 'pubcert.pem', 'dsage_key', 'dsage_key.pub'];
    for (let there = 1; there < order.length; there += 1) {
      for (const name of order.slice(there)) rmSync(join(dir, name));
      const before = Object.fromEntries(
        order.slice(0, there).map((name) => [name, readFileSync(join(dir, name))]),
      );
      const { created } = await ensureClusterFiles(dir);
      expect(created).to.deep.equal(order.slice(there));
      for (const [name, bytes] of Object.entries(before)) {
        expect(readFileSync(join(dir, name)).equals(bytes), name).to.equal(true);
      }
      expect(loadClientFiles(dir).cluster).to.equal(loadServerFiles(dir).cluster);
    }
  });

  it('ends consistent when several processes do it at once', async () => {
    const dir = makeTempDir();
    const script =
      "import('#dsage/security/files.js').then((m) => m.ensureClusterFiles(process.argv[1])).then((r) => console.log(r.user.serial))";
    const run = promisify(execFile);
    const outputs = await Promise.all(
      [1, 2, 3].map(() => run(process.execPath, ['--input-type=module', '-e', script, dir])),
    );
    const serials = new Set(outputs.map(({ stdout }) => stdout.trim()));
    expect([...serials]).to.deep.equal([loadClientFiles(dir).identity.serial]);
    expect(loadServerFiles(dir).cluster).to.equal(loadClientFiles(dir).cluster);
    expect(readdirSync(dir).filter((name) => name.endsWith('.tmp'))).to.deep.equal([]);
  });

  it('puts a private mode back that a copy has lost', async () => {
    const dir = makeTempDir();
    await ensureClusterFiles(dir);
    const open = makeTempDir();
    cpSync(dir, open, { recursive: true });
    writeFileSync(join(open, 'dsage_key'), readFileSync(join(dir, 'dsage_key')), { mode: 0o644 });
    const { chmodSync } = await import('node:fs');
    chmodSync(join(open, 'dsage_key'), 0o644);
    await ensureClusterFiles(open);
    expect(statSync(join(open, 'dsage_key')).mode & 0o077).to.equal(0);
  });

  it('renews a server certificate that runs out soon, for the same key, and keeps its names', async () => {
    const dir = makeTempDir();
    await ensureClusterFiles(dir, { hosts: ['cluster.example.org'] });
    const { serverCertificate, serverKey } = clusterPaths(dir);
    const ca = loadCa(dir);
    const key = readFileSync(serverKey, 'utf8');
    const subject = { role: 'server', name: 'server', hosts: ['cluster.example.org'] } as const;
    const old = await issueForKey(ca, key, { ...subject, days: 29 });
    writeFileSync(serverCertificate, old + ca.certificatePem);

    const { created } = await ensureClusterFiles(dir);
    expect(created).to.deep.equal(['pubcert.pem']);
    const renewed = new X509Certificate(readFileSync(serverCertificate));
    expect(Date.parse(renewed.validTo) - Date.now()).to.be.above(300 * 86_400_000);
    expect(renewed.checkHost('cluster.example.org')).to.equal('cluster.example.org');
    expect(renewed.checkHost('localhost')).to.equal('localhost');
    expect(renewed.checkIP('127.0.0.1')).to.equal('127.0.0.1');
    expect(readFileSync(serverKey, 'utf8')).to.equal(key);
    expect((await ensureClusterFiles(dir)).created).to.deep.equal([]);
  });

  it('renews the server certificate when the host has another name', async () => {
    const dir = makeTempDir();
    await ensureClusterFiles(dir);
    expect(
      (await ensureClusterFiles(dir, { hosts: ['new.example.org', '192.0.2.77'] })).created,
    ).to.deep.equal(['pubcert.pem']);
    const certificate = new X509Certificate(readFileSync(clusterPaths(dir).serverCertificate));
    expect(certificate.checkHost('new.example.org')).to.equal('new.example.org');
    expect(certificate.checkIP('192.0.2.77')).to.equal('192.0.2.77');
  });

  it('refuses a damaged file by its name, and changes nothing', async () => {
    for (const name of FILES) {
      const dir = makeTempDir();
      await ensureClusterFiles(dir);
      writeFileSync(join(dir, name), '-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----\n');
      const before = contents(dir);
      const error = await refusal(() => ensureClusterFiles(dir));
      expect(error.code).to.equal('setup');
      expect(error.message)
        .to.include(join(dir, name))
        .and.to.match(/damaged/);
      expect(error.hint).to.match(/backup|dsage setup/);
      expect(contents(dir)).to.deep.equal(before);
    }
  });

  it("refuses to make a new CA beside another cluster's files", async () => {
    const dir = makeTempDir();
    await ensureClusterFiles(dir);
    rmSync(join(dir, 'cacert.pem'));
    const error = await refusal(() => ensureClusterFiles(dir));
    expect(error.code).to.equal('setup');
    expect(error.message).to.match(/cacert\.pem is missing/);
    expect(readdirSync(dir)).not.to.include('cacert.pem');
  });

  it('refuses a directory that cannot be made', async () => {
    const file = join(makeTempDir(), 'file');
    writeFileSync(file, '');
    const error = await refusal(() => ensureClusterFiles(join(file, 'dsage')));
    expect(error.code).to.equal('setup');
    expect(error.message).to.match(/DSAGE_DIR/);
  });

  it('makes a name fit', () => {
    expect(fitUserName('jürgen müller')).to.equal('jurgen-muller');
    expect(fitUserName('-.x')).to.equal('x');
    expect(fitUserName('日本')).to.equal('user');
    expect(fitUserName('a'.repeat(80))).to.have.length(64);
  });
});

describe('loadClientFiles', () => {
  after(removeTempDirs);

  async function secondMachine(): Promise<{ server: string; client: string }> {
    const server = makeTempDir();
    const client = makeTempDir();
    await ensureClusterFiles(server, { user: 'alice' });
    for (const name of ['dsage_key', 'dsage_key.pub', 'pubcert.pem'])
      cpSync(join(server, name), join(client, name));
    return { server, client };
  }

  it('needs three files only', async () => {
    const { server, client } = await secondMachine();
    expect(loadClientFiles(client)).to.deep.equal(loadClientFiles(server));
  });

  it('refuses what is missing, damaged, expired, of another key or of another cluster', async () => {
    const other = makeTempDir();
    await ensureClusterFiles(other);
    const expire = async (server: string, client: string) => {
      const key = readFileSync(join(client, 'dsage_key'), 'utf8');
      const subject = { role: 'user', name: 'alice', days: -1 } as const;
      writeFileSync(join(client, 'dsage_key.pub'), await issueForKey(loadCa(server), key, subject));
    };
    const copy = (name: string) => (_server: string, client: string) => {
      cpSync(join(other, name), join(client, name));
    };
    const write = (name: string, text: string) => (_server: string, client: string) => {
      writeFileSync(join(client, name), text);
    };
    type Spoil = (server: string, client: string) => unknown;
    const cases: [spoil: Spoil, message: RegExp][] = [
      [
        (_server, client) => {
          rmSync(join(client, 'dsage_key'));
        },
        /dsage_key is missing.*dsage setup/,
      ],
      [write('dsage_key', 'x'), /dsage_key is damaged: it holds no private key/],
      [write('pubcert.pem', 'x'), /pubcert.pem is damaged/],
      [expire, /dsage_key\.pub expired on/],
      [copy('dsage_key'), /dsage_key\.pub is not the certificate of the key in .*dsage_key/],
      [copy('pubcert.pem'), /dsage_key\.pub is a certificate of another cluster/],
    ];
    for (const [spoil, message] of cases) {
      const { server, client } = await secondMachine();
      await spoil(server, client);
      const error = await refusal(() => loadClientFiles(client));
      expect(error.code).to.equal('setup');
      expect(error.message).to.match(message);
    }
  });

  it('says what cannot be read', async () => {
    const { client } = await secondMachine();
    rmSync(join(client, 'dsage_key'));
    mkdirSync(join(client, 'dsage_key'));
    expect((await refusal(() => loadClientFiles(client))).message).to.match(/dsage_key cannot be read/);
  });
});
