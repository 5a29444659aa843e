import { spawn } from 'node:child_process';
import { connect as netConnect, createServer } from 'node:net';
import type { AddressInfo, Server as NetServer, Socket } from 'node:net';
import { connect } from 'node:tls';

import { DsageError } from '#dsage/model/errors.js';
import type { Identity } from '#dsage/model/user.js';
import { ensureClusterFiles } from '#dsage/security/files.js';
import { loadCa, loadClientFiles, loadServerFiles } from '#dsage/security/load.js';
import { clusterPaths } from '#dsage/security/paths.js';
import { issue } from '#dsage/security/pki.js';
import { identityInterceptor, requireCaller } from '#dsage/wire/caller.js';
import {
  anonymousCredentials,
  CHANNEL_OPTIONS,
  clientCredentials,
  ClusterServerCredentials,
  SERVER_OPTIONS,
} from '#dsage/wire/credentials.js';
import type { TlsPems } from '#dsage/wire/credentials.js';
import { fromServiceError, toServiceError } from '#dsage/wire/errors.js';
import { ServerServiceClient, ServerServiceService } from '#dsage/wire/gen/dsage/v1/server.js';
import type { HandshakeResponse } from '#dsage/wire/gen/dsage/v1/server.js';
import { withHandshakeLimit } from '#dsage/wire/handshakes.js';
import { addHealth } from '#dsage/wire/health.js';
import { addReflection } from '#dsage/wire/reflection.js';
import { ChannelCredentials, Server } from '@grpc/grpc-js';
import type { sendUnaryData, ServerUnaryCall } from '@grpc/grpc-js';
import { expect } from 'chai';

import { refusal } from '../../support/rejection.js';
import { makeTempDir, removeTempDirs } from '../../support/temp-dir.js';

type Handler = (call: ServerUnaryCall<object, unknown>, done: sendUnaryData<unknown>) => void;

/** A server whose Handshake tells the caller's name, and whose every other method is not found. */
function makeServer(): Server {
  const refuse = (caller: Identity | undefined) => {
    if (caller === undefined)
      throw new DsageError('unauthenticated', 'No certificate.', { hint: 'Get one für 5 €.' });
  };
  const server = new Server({
    ...SERVER_OPTIONS,
    interceptors: [identityInterceptor(({ caller }) => refuse(caller))],
  });
  const handshake: Handler = (call, done) => {
    const { name: user, role } = requireCaller(call);
    done(null, { hello: undefined, cluster: '', user, role, webUrl: '' });
  };
  const notFound: Handler = (_call, done) => {
    done(toServiceError(new DsageError('not-found', 'Nö.', { hint: 'Try 1.' })));
  };
  const methods = Object.keys(ServerServiceService).map((name) => [name, notFound] as const);
  server.addService(ServerServiceService, { ...Object.fromEntries(methods), handshake });
  return server;
}

function listen(
  server: Server,
  pems: TlsPems,
): Promise<{ address: string; credentials: ClusterServerCredentials }> {
  const credentials = new ClusterServerCredentials(pems);
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', credentials, (error, port) => {
      if (error === null) resolve({ address: `127.0.0.1:${port}`, credentials });
      else reject(error);
    });
  });
}

async function handshake(address: string, credentials: ChannelCredentials): Promise<HandshakeResponse> {
  const client = new ServerServiceClient(address, credentials, CHANNEL_OPTIONS);
  try {
    return await new Promise((resolve, reject) => {
      client.handshake({ hello: undefined }, (error, response) => {
        if (error === null) resolve(response);
        else reject(fromServiceError(error, address));
      });
    });
  } finally {
    client.close();
  }
}

describe('mutual TLS', () => {
  const dir = makeTempDir();
  const otherDir = makeTempDir();
  let server: Server;
  let address: string;
  let credentials: ClusterServerCredentials;

  before(async () => {
    await ensureClusterFiles(dir, { user: 'alice' });
    await ensureClusterFiles(otherDir, { user: 'mallory' });
    server = makeServer();
    addHealth(server, ['dsage.v1.ServerService']).setServing(true);
    addReflection(server);
    ({ address, credentials } = await listen(server, loadServerFiles(dir)));
  });

  after(() => {
    server.forceShutdown();
    removeTempDirs();
  });

  it("accepts a certificate of the cluster's CA and knows its holder", async () => {
    const response = await handshake(address, clientCredentials(loadClientFiles(dir)));
    expect(response).to.include({ user: 'alice', role: 'admin' });
  });

  it('lets a caller without a certificate connect, and the interceptor refuses it', async () => {
    const { caPem } = loadClientFiles(dir);
    const error = await refusal(handshake(address, anonymousCredentials(caPem)));
    expect([error.code, error.message, error.hint]).to.deep.equal([
      'unauthenticated',
      'No certificate. Get one für 5 €.',
      'Get one für 5 €.',
    ]);
  });

  it('takes a certificate of another CA for none, though it names an admin', async () => {
    const foreign = { ...loadClientFiles(otherDir), caPem: loadClientFiles(dir).caPem };
    expect((await refusal(handshake(address, clientCredentials(foreign)))).code).to.equal('unauthenticated');
  });

  it('takes an expired certificate for none', async () => {
    const { caPem } = loadClientFiles(dir);
    const expired = await issue(loadCa(dir), { role: 'user', name: 'alice', days: -1 });
    const error = await refusal(handshake(address, clientCredentials({ caPem, ...expired })));
    expect(error.code).to.equal('unauthenticated');
  });

  it('tells a client that the server is of another cluster', async () => {
    const error = await refusal(handshake(address, clientCredentials(loadClientFiles(otherDir))));
    expect(error.code).to.equal('wrong-cluster');
    expect(error.message)
      .to.include(address)
      .and.to.match(/another cluster/);
  });

  it("does not take a user's certificate for a server's", async () => {
    const impostor = makeServer();
    const { caPem } = loadClientFiles(dir);
    const worker = await issue(loadCa(dir), { role: 'worker', name: 'w1' });
    const { address: elsewhere } = await listen(impostor, { caPem, ...worker });
    try {
      const error = await refusal(handshake(elsewhere, clientCredentials(loadClientFiles(dir))));
      expect(error.code, error.message).to.equal('wrong-cluster');
    } finally {
      impostor.forceShutdown();
    }
  });

  it('speaks TLS 1.3 only', async () => {
    const port = Number(address.split(':')[1]);
    const failure = await new Promise<string>((resolve) => {
      const socket = connect({
        host: '127.0.0.1',
        port,
        ca: loadClientFiles(dir).caPem,
        maxVersion: 'TLSv1.2',
      });
      socket.on('secureConnect', () => {
        resolve(`connected with ${socket.getProtocol() ?? ''}`);
        socket.destroy();
      });
      socket.on('error', ({ message }: Error) => {
        resolve(message);
      });
    });
    expect(failure).to.match(/alert protocol version/);
  });

  it('says that nothing answers', async () => {
    const unused: NetServer = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => unused.once('listening', resolve));
    const { port } = unused.address() as AddressInfo;
    await new Promise((resolve) => unused.close(resolve));
    const nowhere = `127.0.0.1:${port}`;
    const error = await refusal(handshake(nowhere, clientCredentials(loadClientFiles(dir))));
    expect(error.code).to.equal('unavailable');
    expect(error.message).to.match(
      new RegExp(`^No dsage server answers at ${nowhere} \\(connect ECONNREFUSED`),
    );
  });

  it('says that something else answers', async () => {
    const plain = createServer((socket) => {
      // What is not read would keep the connection from closing.
      socket.resume().on('error', () => undefined);
      socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => plain.once('listening', resolve));
    const { port } = plain.address() as AddressInfo;
    const error = await refusal(handshake(`127.0.0.1:${port}`, clientCredentials(loadClientFiles(dir))));
    expect(error.code).to.equal('unavailable');
    expect(error.message).to.match(/is no dsage server/);
    await new Promise((resolve) => plain.close(resolve));
  });

  describe('where something accepts connections and says nothing', () => {
    let silent: NetServer;
    let peers: Socket[];
    let port: number;
    beforeEach(async () => {
      peers = [];
      silent = createServer((socket) => peers.push(socket.resume().on('error', () => undefined)));
      silent.listen(0, '127.0.0.1');
      await new Promise((resolve) => silent.once('listening', resolve));
      ({ port } = silent.address() as AddressInfo);
    });
    afterEach(() => {
      for (const peer of peers) peer.destroy();
      silent.close();
    });

    const connector = (timeoutMs: number) =>
      withHandshakeLimit(ChannelCredentials.createSsl(), timeoutMs)._createSecureConnector(
        { scheme: 'dns', path: 'nowhere' },
        {},
      );

    it('a handshake ends after its time, and says so', async () => {
      const socket = netConnect(port, '127.0.0.1');
      const error = await connector(50)
        .connect(socket)
        .catch((thrown: unknown) => thrown);
      expect(error).to.have.property('message', 'no TLS handshake within 0.05 s');
      expect(socket.destroyed).to.equal(true);
    });

    it('a handshake ends with its channel', async () => {
      const patient = connector(60_000);
      const socket = netConnect(port, '127.0.0.1');
      const connecting = patient.connect(socket).catch((thrown: unknown) => thrown);
      patient.destroy();
      expect(await connecting).to.have.property('message', 'its channel was closed');
      expect(socket.destroyed).to.equal(true);
    });
  });

  it('serves new connections with renewed certificates, and refuses bad ones', async () => {
    const files = loadServerFiles(dir);
    const renewed = await issue(loadCa(dir), { role: 'server', name: 'server' });
    const mismatched = { ...files, keyPem: renewed.keyPem };
    expect(() => {
      credentials.update(mismatched);
    })
      .to.throw(DsageError)
      .with.property('code', 'setup');
    credentials.update({ ...files, ...renewed });
    expect(await handshake(address, clientCredentials(loadClientFiles(dir)))).to.include({ user: 'alice' });
    credentials.update(files);
  });

  describe('reflection and health, with a client that has none of our files', () => {
    async function curl(...args: string[]): Promise<string> {
      const { serverCertificate, userCertificate, userKey } = clusterPaths(dir);
      const keys = ['--cacert', serverCertificate, '--cert', userCertificate, '--key', userKey];
      const child = spawn('buf', ['curl', '--protocol', 'grpc', ...keys, ...args], {
        env: { ...process.env, PATH: `node_modules/.bin:${process.env['PATH'] ?? ''}` },
      });
      let output = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (text: Buffer) => (output += text.toString()));
      await new Promise((resolve) => child.once('close', resolve));
      return output;
    }

    it('lists the services', async () => {
      expect((await curl('--list-services', `https://${address}`)).trim().split('\n')).to.deep.equal([
        'dsage.v1.ClientService',
        'dsage.v1.ServerService',
        'dsage.v1.WorkerService',
        'grpc.health.v1.Health',
        'grpc.reflection.v1.ServerReflection',
      ]);
    });

    it('describes our calls, imports included', async () => {
      const output = await curl(
        '-d',
        '{"hello":{"protocolVersion":1}}',
        `https://${address}/dsage.v1.ServerService/Handshake`,
      );
      expect(JSON.parse(output)).to.deep.equal({ user: 'alice', role: 'admin' });
    });

    it('describes health checks', async () => {
      const output = await curl(
        '-d',
        '{"service":"dsage.v1.ServerService"}',
        `https://${address}/grpc.health.v1.Health/Check`,
      );
      expect(JSON.parse(output)).to.deep.equal({ status: 'SERVING' });
    });
  });
});
