import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect } from 'chai';

import { connect, type Dsage } from '#dsage/client/connect.js';
import { server, type ServerHandle } from '#dsage/deploy/server.js';
import { setup } from '#dsage/deploy/setup.js';
import { eventually } from '../support/cluster.js';
import { SecondNetwork } from '../support/network.js';
import { makeTempDir, removeTempDirs } from '../support/temp-dir.js';

const PAIR = ['dsage_key', 'dsage_key.pub', 'pubcert.pem'];

describe('a machine in another network', function () {
  this.timeout(60_000);
  let network: SecondNetwork | undefined;
  let handle: ServerHandle | undefined;
  let d: Dsage | undefined;
  const guests: ChildProcess[] = [];
  let here: string;
  let there: string;

  before(async function () {
    const { missing } = SecondNetwork;
    if (missing !== undefined) {
      console.log(`      skipped: ${missing}`);
      this.skip();
    }
    [here, there] = [makeTempDir(), makeTempDir()];
    await setup({ directory: here });
    for (const name of PAIR) cpSync(join(here, name), join(there, name));
    // Made after setup: the certificate does not name this address, and need not.
    network = SecondNetwork.make();
    handle = await server({ directory: here, host: network.hostAddress, port: 0, webPort: 0 });
    d = await connect({ directory: here, server: handle.address });
  });
  after(async () => {
    await d?.close();
    for (const guest of guests) {
      if (guest.exitCode !== null || guest.signalCode !== null) continue;
      const gone = once(guest, 'exit');
      guest.kill('SIGKILL');
      await gone;
    }
    await handle?.stop();
    network?.remove();
    removeTempDirs();
  });

  function inThere(program: string, ...args: readonly string[]): ChildProcess {
    const path = fileURLToPath(import.meta.resolve(`#dsage/bin/${program}.js`));
    const where = ['--server', handle?.address ?? '', '--directory', there];
    const [command, rest] = network?.command(process.execPath, path, ...where, ...args) ?? ['false', []];
    const guest = spawn(command, rest, { stdio: ['pipe', 'pipe', 'inherit'] });
    guests.push(guest);
    return guest;
  }

  it('has a worker that runs tasks, and a client, with three files and the address', async () => {
    inThere('dsage-worker', '--slots', '1', '--name', 'guest', '--exit-with-parent');
    await eventually('the worker is there', async () => (await d?.workerCount())?.total === 1, 20_000);
    const addresses = await d
      ?.eval<string[]>(
        "Object.values(process.getBuiltinModule('node:os').networkInterfaces()).flat().map(({ address }) => address)",
      )
      .wait({ timeoutMs: 20_000 });
    // It did run over there.
    expect(addresses).to.include(network?.guestAddress).and.not.include(network?.hostAddress);

    const client = inThere('dsage', '--json', 'eval', '6 * 7');
    let told = '';
    client.stdout?.on('data', (chunk: Buffer) => (told += chunk.toString()));
    const [code] = (await once(client, 'close')) as [number];
    expect([code, told.includes('42')], told).to.deep.equal([0, true]);
    expect(existsSync(join(there, 'cacert.pem'))).to.equal(false);
  });
});
