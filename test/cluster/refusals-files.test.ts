import { cpSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect } from 'chai';

import { connect } from '#dsage/client/connect.js';
import { server } from '#dsage/deploy/server.js';
import { setup } from '#dsage/deploy/setup.js';
import { worker } from '#dsage/deploy/worker.js';
import { createCa, issueForKey } from '#dsage/security/pki.js';
import { loadCa } from '#dsage/security/load.js';
import { type Expected, filesBelow, refused } from '../support/refusal.js';
import { makeTempDir, removeTempDirs } from '../support/temp-dir.js';

/** What the server writes of its own while it finds out that it cannot start. */
const LOGS = ['server.log', 'worker.log'];
/** LMDB keeps its readers there; there is nothing of ours in it. */
const LOCK = join('db', 'lock.mdb');

/** How a file can be damaged; given the file's text and that of its namesake of another cluster. */
const DAMAGES: Readonly<Record<string, (text: string, other: string) => string>> = {
  empty: () => '',
  truncated: (text) => text.slice(0, 150),
  'not PEM': () => 'These are not the bytes that you are looking for.\n',
  garbled: (text) => text.replace(/^[A-Za-z0-9+/]{20}/m, 'AAAAAAAAAAAAAAAAAAAA'),
  'of another pair': (_text, other) => other,
};

describe('a damaged file of a cluster is refused by name, and nothing is changed:', function () {
  this.timeout(60_000);
  let whole: string;
  let other: string;

  before(async () => {
    [whole, other] = [makeTempDir(), makeTempDir()];
    await Promise.all([setup({ directory: whole }), setup({ directory: other })]);
  });
  after(removeTempDirs);

  /** A copy of the whole cluster with one file of it spoilt. */
  function spoilt(name: string, damage: (text: string, other: string) => string): string {
    const directory = makeTempDir();
    cpSync(whole, directory, { recursive: true });
    const text = readFileSync(join(directory, name), 'utf8');
    writeFileSync(join(directory, name), damage(text, readFileSync(join(other, name), 'utf8')));
    return directory;
  }

  async function refusesFor(
    directory: string,
    attempts: readonly ((directory: string) => unknown)[],
    expected: Expected,
  ): Promise<void> {
    const before = filesBelow(directory, [...LOGS, LOCK]);
    await Promise.all(attempts.map((attempt) => refused(() => attempt(directory), expected)));
    expect(filesBelow(directory, [...LOGS, LOCK])).to.deep.equal(before);
  }

  const startServer = (directory: string) => server({ directory, port: 0, webPort: 0 });
  const setUp = (directory: string) => setup({ directory });
  const connectTo = (directory: string) => connect({ directory, server: '127.0.0.1:9' });
  const startWorker = (directory: string) => worker({ directory, server: '127.0.0.1:9' });
  const users: Readonly<Record<string, readonly ((directory: string) => unknown)[]>> = {
    'cacert.pem': [setUp, startServer],
    'server_key.pem': [setUp, startServer],
    dsage_key: [setUp, startServer, connectTo, startWorker],
    'dsage_key.pub': [setUp, startServer, connectTo, startWorker],
    'pubcert.pem': [connectTo, startWorker],
  };

  for (const [name, attempts] of Object.entries(users)) {
    for (const [how, damage] of Object.entries(DAMAGES)) {
      // A server key that is merely another one gets a certificate of its own: nothing is wrong with it.
      if (name === 'server_key.pem' && how === 'of another pair') continue;
      it(`${name} that is ${how}`, async () => {
        const says = how === 'of another pair' ? /cacert\.pem|dsage_key|pubcert\.pem/ : fileNamed(name);
        const expected = { code: 'setup', says, hint: /setup|[Cc]opy|backup|DSAGE_DIR/ } as const;
        await refusesFor(spoilt(name, damage), attempts, expected);
      });
    }
  }

  it('a certificate that has expired', async () => {
    const directory = spoilt('dsage_key.pub', (text) => text);
    const key = readFileSync(join(directory, 'dsage_key'), 'utf8');
    const expired = await issueForKey(loadCa(directory), key, { role: 'admin', name: 'old', days: -1 });
    writeFileSync(join(directory, 'dsage_key.pub'), expired);
    await refusesFor(directory, [connectTo, startWorker], {
      code: 'setup',
      says: /dsage_key\.pub expired on .* 20\d\d/,
      hint: /dsage setup/,
    });
  });

  it('a CA that has expired', async () => {
    const { certificatePem, keyPem } = await createCa({ days: -1 });
    const directory = spoilt('cacert.pem', () => certificatePem + keyPem);
    await refusesFor(directory, [setUp, startServer], {
      code: 'setup',
      says: /cacert\.pem expired on/,
      hint: /DSAGE_DIR.*clock/,
    });
  });

  for (const name of ['dsage_key', 'dsage_key.pub', 'pubcert.pem']) {
    it(`${name} that is missing`, async () => {
      const directory = spoilt(name, (text) => text);
      rmSync(join(directory, name));
      await refusesFor(directory, [connectTo, startWorker], {
        code: 'setup',
        says: new RegExp(`${escaped(name)} is missing`),
        hint: /dsage setup.*copy/,
      });
    });
  }

  it('cacert.pem that is missing beside a server key', async () => {
    const directory = spoilt('cacert.pem', (text) => text);
    rmSync(join(directory, 'cacert.pem'));
    await refusesFor(directory, [setUp, startServer], {
      code: 'setup',
      says: /cacert\.pem is missing/,
      hint: /backup|dsage setup/,
    });
  });

  describe('the database', () => {
    const data = join('db', 'data.mdb');
    const damaged = (spoil: (path: string) => void): string => {
      const directory = spoilt('cacert.pem', (text) => text);
      spoil(join(directory, data));
      return directory;
    };
    const expected = { code: 'setup', says: /data\.mdb cannot be opened/, hint: /backup/ } as const;

    it('that is no database', async () => {
      const directory = damaged((path) => writeFileSync(path, 'not a database\n'.repeat(1_000)));
      await refusesFor(directory, [setUp, startServer], expected);
    });

    it('that was cut off', async () => {
      await refusesFor(
        damaged((path) => truncateSync(path, 5_000)),
        [setUp, startServer],
        expected,
      );
    });

    it('whose pages were overwritten', async () => {
      const directory = damaged((path) => {
        const bytes = readFileSync(path);
        bytes.fill(0x5a, 8_192);
        writeFileSync(path, bytes);
      });
      await refusesFor(directory, [startServer], { ...expected, says: /SIG[A-Z]+ .*database in .*\/db/ });
    });

    it('of a newer version of LMDB', async () => {
      const directory = damaged((path) => {
        const bytes = readFileSync(path);
        bytes.writeUInt32LE(9, 28);
        writeFileSync(path, bytes);
      });
      await refusesFor(directory, [setUp, startServer], { ...expected, says: /version 9 of LMDB/ });
    });

    it('of a newer version of dsage', async () => {
      const directory = spoilt('cacert.pem', (text) => text);
      await writeFormat(directory, '7');
      await refusesFor(directory, [setUp, startServer], {
        code: 'setup',
        says: /db has format 7; this version of dsage reads and writes format \d/,
        hint: /[Ii]nstall the newer version/,
      });
    });
  });

  describe('the directory', () => {
    const hint = /DSAGE_DIR/;

    it('below a file', async () => {
      const directory = makeTempDir();
      writeFileSync(join(directory, 'file'), '');
      const below = join(directory, 'file', 'dsage');
      const before = filesBelow(directory);
      for (const attempt of [setUp, startServer, connectTo, startWorker]) {
        const expected: Expected = { code: 'setup', says: new RegExp(`${escaped(below)}.*`), hint };
        await refused(() => attempt(below), expected);
      }
      expect(filesBelow(directory)).to.deep.equal(before);
    });

    it('that cannot be written', async () => {
      // Root writes everywhere; nobody writes to the kernel's own file system.
      await refused(() => setup({ directory: '/proc/dsage' }), {
        code: 'setup',
        says: /\/proc\/dsage/,
        hint,
      });
    });

    it('that nobody has set up', async () => {
      const directory = makeTempDir();
      const before = filesBelow(directory);
      await refused(() => startServer(directory), {
        code: 'setup',
        says: /no cluster in .*cacert\.pem is missing/,
        hint: /dsage setup/,
      });
      expect(filesBelow(directory, LOGS)).to.deep.equal(before);
    });
  });

  it('and the whole one starts', async () => {
    const started = await startServer(whole);
    const d = await connect({ directory: whole, server: started.address });
    expect((await d.serverStatus()).cluster).to.match(/^[0-9a-f]{8}$/);
    await d.close();
    await started.stop();
  });
});

/** As a later version of dsage would have written it. */
async function writeFormat(directory: string, version: string): Promise<void> {
  const { open } = await import('lmdb');
  const root = open<Uint8Array, Buffer>({
    path: join(directory, 'db'),
    noSubdir: false,
    maxDbs: 32,
    encoding: 'binary',
    keyEncoding: 'binary',
  });
  const meta = root.openDB<Uint8Array, Buffer>({ name: 'meta', encoding: 'binary', keyEncoding: 'binary' });
  await meta.put(Buffer.from('format'), Buffer.from(version));
  await root.close();
}

function fileNamed(name: string): RegExp {
  return new RegExp(`/${escaped(name)}\\b`);
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
