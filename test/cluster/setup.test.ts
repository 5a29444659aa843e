import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect } from 'chai';

import { connect } from '#dsage/client/connect.js';
import { setup } from '#dsage/deploy/setup.js';
import { DsageError } from '#dsage/model/errors.js';
import { LmdbStore } from '#dsage/server/store/lmdb.js';

import { startCluster } from '../support/cluster.js';
import { runDsage } from '../support/cli.js';
import { makeTempDir, removeTempDirs } from '../support/temp-dir.js';

const MODES: Readonly<Record<string, number>> = {
  'cacert.pem': 0o600,
  'server_key.pem': 0o600,
  dsage_key: 0o600,
  'pubcert.pem': 0o644,
  'dsage_key.pub': 0o644,
};

describe('setup', function () {
  this.timeout(60_000);

  after(removeTempDirs);

  it('makes the files with their modes, and the default user', async () => {
    const directory = join(makeTempDir(), 'deep', 'below');
    const report = await setup({ directory, user: 'ada' });
    expect(report.user).to.equal('ada');
    expect(report.created).to.have.members([...Object.keys(MODES), 'user ada']);
    for (const [name, mode] of Object.entries(MODES)) {
      expect(statSync(join(directory, name)).mode & 0o777, name).to.equal(mode);
    }
    expect(statSync(directory).mode & 0o777).to.equal(0o700);
    for (const folder of ['db', 'blobs', 'tmp_worker_files']) {
      expect(statSync(join(directory, folder)).isDirectory()).to.equal(true);
    }
    expect(await usersIn(directory)).to.deep.equal([
      { name: 'ada', role: 'admin', enabled: true, serials: 1 },
    ]);
  });

  it('changes nothing the second time, and four at once agree', async () => {
    const directory = makeTempDir();
    await Promise.all([1, 2, 3, 4].map(() => runDsage(['setup'], { directory })));
    const before = contentsOf(directory);
    expect((await setup({ directory })).created).to.deep.equal([]);
    expect(contentsOf(directory)).to.deep.equal(before);
    expect((await usersIn(directory)).map(({ serials }) => serials)).to.deep.equal([1]);
  });

  it('puts the user back into a database that is new', async () => {
    const directory = makeTempDir();
    await setup({ directory });
    const before = contentsOf(directory);
    rmSync(join(directory, 'db'), { recursive: true });
    const { created, user } = await setup({ directory });
    expect(created).to.deep.equal([`user ${user}`]);
    expect(contentsOf(directory)).to.deep.equal(before);
  });

  it('works beside a server that runs', async () => {
    const cluster = await startCluster({ workers: 0 });
    try {
      expect((await setup({ directory: cluster.directory })).created).to.deep.equal([]);
      const d = await cluster.connect();
      expect((await d.users.list()).length).to.equal(1);
    } finally {
      await cluster.stop();
    }
  });

  it('gives a second machine all it needs in three files', async () => {
    const cluster = await startCluster({ workers: 1 });
    const second = makeTempDir();
    try {
      for (const name of ['dsage_key', 'dsage_key.pub', 'pubcert.pem']) {
        writeFileSync(join(second, name), readFileSync(join(cluster.directory, name)));
      }
      const d = await connect({ server: cluster.address, directory: second });
      expect(await d('6*7').wait({ timeoutMs: 20_000 })).to.equal(42);
      await d.close();
      await refused({ directory: second }, 'setup', /cacert.pem is missing/);
      expect(readdirSync(second).filter((name) => name.endsWith('.pem'))).to.deep.equal(['pubcert.pem']);
    } finally {
      await cluster.stop();
    }
  });

  it('refuses what cannot be, and says what to do', async () => {
    const directory = makeTempDir();
    await refused({ directory, user: 'not a name' }, 'invalid-argument', /letters, digits/);
    const file = join(directory, 'file');
    writeFileSync(file, '');
    await refused({ directory: file }, 'setup', /DSAGE_DIR/);
    await refused({ directory: join(file, 'below') }, 'setup', /DSAGE_DIR/);
    expect(readdirSync(directory)).to.deep.equal(['file']);
    await setup({ directory: join(directory, 'ada'), user: 'ada' });
    await refused({ directory: join(directory, 'ada'), user: 'bob' }, 'setup', /belongs to the user ada/);
  });

  it('refuses a directory that takes no files, at once', async function () {
    if (!existsSync('/proc/self')) this.skip();
    // As root every directory can be written to, but this one takes no new names from anybody.
    await refused({ directory: '/proc/dsage' }, 'setup', /\/proc\/dsage/);
  });

  it('refuses a directory without the right to write', async function () {
    const directory = makeTempDir();
    mkdirSync(join(directory, 'locked'), { mode: 0o500 });
    if (process.getuid?.() === 0) {
      // root may write anywhere: another user asks.
      const script = `import { setup } from ${JSON.stringify(import.meta.resolve('#dsage/deploy/setup.js'))};
        process.setgid(65534); process.setuid(65534);
        await setup({ directory: process.argv[1] }).catch((error) => console.log(error.code, error.message));`;
      execFileSync('chmod', ['755', directory]);
      const path = join(directory, 'locked', 'below');
      const said = execFileSync(process.execPath, ['--input-type=module', '-e', script, path], {
        encoding: 'utf8',
      });
      expect(said).to.match(/^setup .*locked.*EACCES.*DSAGE_DIR/);
    } else {
      await refused({ directory: join(directory, 'locked', 'below') }, 'setup', /EACCES/);
    }
  });
});

async function refused(options: Parameters<typeof setup>[0], code: string, message: RegExp): Promise<void> {
  const error: unknown = await setup(options).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).to.be.instanceOf(DsageError);
  expect((error as DsageError).code).to.equal(code);
  expect((error as DsageError).message).to.match(message);
}

function contentsOf(directory: string): Record<string, string> {
  return Object.fromEntries(
    Object.keys(MODES).map((name) => [name, readFileSync(join(directory, name), 'utf8')]),
  );
}

async function usersIn(directory: string) {
  const store = LmdbStore.open(join(directory, 'db'), { shared: true });
  try {
    return store
      .users()
      .map(({ name, role, enabled, serials }) => ({ name, role, enabled, serials: serials.length }));
  } finally {
    await store.close();
  }
}
