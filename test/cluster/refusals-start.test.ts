import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

import { expect } from 'chai';

import { connect } from '#dsage/client/connect.js';
import { server, type ServerHandle } from '#dsage/deploy/server.js';
import { setup } from '#dsage/deploy/setup.js';
import { startAll } from '#dsage/deploy/start-all.js';
import { worker } from '#dsage/deploy/worker.js';
import { eventually } from '../support/cluster.js';
import { filesBelow, refused } from '../support/refusal.js';
import { makeTempDir, removeTempDirs } from '../support/temp-dir.js';

const KEYS = ['cacert.pem', 'pubcert.pem', 'server_key.pem', 'dsage_key', 'dsage_key.pub'];

describe('a server, a worker or a client that cannot start or connect says why:', function () {
  this.timeout(60_000);
  let directory: string;
  const servers: ServerHandle[] = [];
  const listeners: { server: Server; sockets: Set<Socket> }[] = [];

  before(async () => {
    directory = makeTempDir();
    await setup({ directory });
  });
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((handle) => handle.stop()));
    for (const listener of listeners.splice(0)) {
      for (const socket of listener.sockets) socket.destroy();
      listener.server.close();
      await once(listener.server, 'close');
    }
  });
  after(removeTempDirs);

  async function start(options: Parameters<typeof server>[0] = {}): Promise<ServerHandle> {
    const handle = await server({ directory, port: 0, webPort: 0, host: '127.0.0.1', ...options });
    servers.push(handle);
    return handle;
  }

  /** Something else that listens. */
  async function listener(make: () => Server): Promise<number> {
    const other = { server: make(), sockets: new Set<Socket>() };
    listeners.push(other);
    other.server.on('connection', (socket: Socket) => other.sockets.add(socket));
    other.server.listen(0, '127.0.0.1');
    await once(other.server, 'listening');
    return (other.server.address() as AddressInfo).port;
  }
  const silent = () => createServer((socket) => socket.on('error', () => undefined));

  describe('ports', () => {
    const bad = { code: 'invalid-argument', hint: /whole number from 1 to 65535/ } as const;
    for (const port of [-1, 65_536, 1.5, NaN]) {
      it(`${String(port)} is none`, async () => {
        const says = new RegExp(`port is ${String(port)}`, 'i');
        await refused(() => start({ port }), { ...bad, says });
        await refused(() => start({ webPort: port }), { ...bad, says });
        await refused(() => startAll({ directory, port }), { ...bad, says });
      });
    }

    it('in use, for gRPC', async () => {
      const port = await listener(silent);
      const before = filesBelow(directory, ['server.log', 'db/lock.mdb', 'db/data.mdb']);
      const expected = {
        code: 'setup',
        says: new RegExp(`Port ${String(port)} on 127\\.0\\.0\\.1 is in use`),
        hint: /--port/,
      } as const;
      await refused(() => start({ port }), expected);
      await refused(() => startAll({ directory, port, webPort: 0, host: '127.0.0.1' }), expected);
      expect(filesBelow(directory, ['server.log', 'db/lock.mdb', 'db/data.mdb'])).to.deep.equal(before);
    });

    it('in use, for the monitor', async () => {
      const port = await listener(silent);
      const says = new RegExp(`[Pp]ort ${String(port)}.*in use`);
      const expected = { code: 'setup', says, hint: /web-port|webPort/ } as const;
      await refused(() => start({ webPort: port }), expected);
      await refused(() => startAll({ directory, port: 0, webPort: port, host: '127.0.0.1' }), expected);
    });

    it('on an address that is not of this machine', async () => {
      // Of the block that documents use: no machine has it.
      await refused(() => start({ host: '192.0.2.1' }), {
        code: 'setup',
        says: /192\.0\.2\.1/,
        hint: /--host/,
      });
    });
  });

  describe('one directory', () => {
    it('has one server: a second one is refused, and names the first', async () => {
      const first = await start();
      const d = await connect({ directory, server: first.address });
      const job = d('1', { labels: ['nowhere'] });
      await job.accepted;
      await refused(() => start(), {
        code: 'setup',
        says: new RegExp(`process ${String(first.pid)}\\) already uses the database`),
        hint: new RegExp(`kill ${String(first.pid)}.*DSAGE_DIR`),
      });
      expect(first.address).to.equal(
        (await import('#dsage/deploy/run-file.js')).localAddress('127.0.0.1', first.port),
      );
      expect((await d.job(job.id ?? 0)).status).to.equal('waiting');
      await d.close();
    });

    it('gets a new server after a kill -9 of the first', async () => {
      const first = await start();
      process.kill(first.pid, 'SIGKILL');
      await first.ended;
      const second = await start();
      const d = await connect({ directory, server: second.address });
      expect((await d.jobs().toArray()).length).to.be.greaterThan(0);
      await d.close();
    });
  });

  describe('at that address', () => {
    const client = (address: string) => () =>
      connect({ directory, server: address, connectTimeoutMs: 1_500 });

    it('nobody listens', async () => {
      const port = await listener(silent);
      await Promise.all(
        listeners.splice(0).map(({ server: other }) => new Promise((done) => other.close(done))),
      );
      await refused(client(`127.0.0.1:${String(port)}`), {
        code: 'unavailable',
        says: new RegExp(`No dsage server answers at 127\\.0\\.0\\.1:${String(port)} .*ECONNREFUSED`),
        hint: /dsage up/,
      });
    });

    it('there is no host of that name', async () => {
      await refused(client('no-such-host.invalid:8081'), {
        code: 'unavailable',
        says: /no-such-host\.invalid/,
        hint: /address/,
      });
    });

    it('something accepts connections and says nothing', async () => {
      const port = await listener(silent);
      await refused(client(`127.0.0.1:${String(port)}`), {
        code: 'unavailable',
        says: new RegExp(`No dsage server answers at 127\\.0\\.0\\.1:${String(port)}`),
        hint: /address|port/,
      });
    });

    it('something speaks in plain text', async () => {
      const greeter = () =>
        createServer((socket) => {
          socket.on('error', () => undefined);
          socket.write('220 mail.example ESMTP\r\n');
        });
      const port = await listener(greeter);
      await refused(client(`127.0.0.1:${String(port)}`), {
        code: 'unavailable',
        says: new RegExp(`127\\.0\\.0\\.1:${String(port)} is no dsage server: it does not speak TLS`),
        hint: /port/,
      });
    });

    it('a web server answers', async () => {
      const port = await listener(() => createHttpServer((_request, response) => response.end('hello')));
      await refused(client(`127.0.0.1:${String(port)}`), {
        code: 'unavailable',
        says: new RegExp(`127\\.0\\.0\\.1:${String(port)} is no dsage server: it does not speak TLS`),
        hint: /port/,
      });
    });

    it('the monitor answers', async () => {
      const { webUrl } = await start();
      await refused(client(new URL(webUrl).host), {
        code: 'unavailable',
        says: /is no dsage server: it does not speak TLS/,
        hint: /port/,
      });
    });

    it('a server of another cluster answers, for clients and workers', async () => {
      const other = makeTempDir();
      await setup({ directory: other });
      const { address } = await start({ directory: other });
      const expected = {
        code: 'wrong-cluster',
        says: new RegExp(`${address.replaceAll('.', '\\.')} shows a certificate of another cluster`),
        hint: /pubcert\.pem/,
      } as const;
      await refused(client(address), expected);
      await refused(() => worker({ directory, server: address }), expected);
    });

    for (const address of ['', 'host:0', 'host:65536', 'host:port', 'a b', 'http://host:1', 'h:1:2']) {
      it(`${JSON.stringify(address)} is none`, async () => {
        const expected = { code: 'invalid-argument', says: /address/, hint: /host:port/ } as const;
        await refused(client(address), expected);
        await refused(() => worker({ directory, server: address }), expected);
      });
    }
  });

  it('a wish of a worker that cannot be met', async () => {
    const { address } = await start();
    const bad = { code: 'invalid-argument', hint: /./ } as const;
    const run = (options: Parameters<typeof worker>[0]) => () =>
      worker({ directory, server: address, ...options });
    await refused(run({ slots: 0 }), { ...bad, says: /slots is 0/ });
    await refused(run({ nice: 21 }), { ...bad, says: /21/ });
    await refused(run({ labels: [''] }), { ...bad, says: /label/ });
    await refused(run({ resources: { gpu: -1 } }), { ...bad, says: /gpu/ });
    await refused(run({ memoryPerSlotMb: 0 }), { ...bad, says: /memory/i });
  });

  it('and a connection to the wrong user is refused before it is made', async () => {
    await refused(() => connect({ directory, user: 'somebody-else' }), {
      code: 'setup',
      says: /not of somebody-else/,
      hint: /key pair of somebody-else/,
    });
  });

  it('and all keys are as they were, and no server is left', async () => {
    expect(KEYS.map((name) => existsSync(`${directory}/${name}`))).to.not.include(false);
    await eventually('no run file is left', () => !existsSync(`${directory}/server.json`));
  });
});
