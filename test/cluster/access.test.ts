import { fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import * as grpc from '@grpc/grpc-js';
import { expect } from 'chai';

import { ensureClusterFiles } from '#dsage/security/files.js';
import { loadClientFiles } from '#dsage/security/load.js';
import { createCsr } from '#dsage/security/pki.js';
import { claiming } from '#dsage/client/coordinate.js';
import { CHANNEL_OPTIONS, clientCredentials } from '#dsage/wire/credentials.js';
import { descriptorSetBase64 } from '#dsage/wire/gen/descriptors.js';
import { ClientServiceService } from '#dsage/wire/gen/dsage/v1/client.js';
import { ServerServiceService } from '#dsage/wire/gen/dsage/v1/server.js';
import type { Dsage } from '#dsage/client/connect.js';
import { type Cluster, eventually, startCluster } from '../support/cluster.js';
import { makeTempDir, removeTempDirs } from '../support/temp-dir.js';

interface Method {
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
}

/** Methods differ in their messages; here they are only called. */
type AnyMethod = grpc.MethodDefinition<object, object>;

const { status } = grpc;
const HEALTH = ['Check', 'List', 'Watch'].map((name) =>
  standard(`/grpc.health.v1.Health/${name}`, name === 'Watch'),
);
const REFLECTION = [
  { ...standard('/grpc.reflection.v1.ServerReflection/ServerReflectionInfo', true), requestStream: true },
];
/** Every method of every service that proto/ defines: a new one is walked without being named here. */
const OURS: readonly Method[] = fromBinary(
  FileDescriptorSetSchema,
  Buffer.from(descriptorSetBase64, 'base64'),
).file.flatMap((file) =>
  file.service.flatMap((service) =>
    service.method.map((method) => ({
      path: `/${file.package}.${service.name}/${method.name}`,
      requestStream: method.clientStreaming,
      responseStream: method.serverStreaming,
    })),
  ),
);
const ALL = [...OURS, ...HEALTH, ...REFLECTION];

describe('who may call what', function () {
  this.timeout(60_000);
  let cluster: Cluster;
  let d: Dsage;
  let ca: Buffer;

  before(async () => {
    cluster = await startCluster({ workers: 1 });
    d = await cluster.connect();
    ca = Buffer.from(loadClientFiles(cluster.directory).caPem);
  });
  after(async () => {
    await cluster.stop();
    removeTempDirs();
  });

  /** The status with which a call of this method ends. */
  async function callAs(
    credentials: grpc.ChannelCredentials,
    methods: readonly Method[],
    interceptors: grpc.Interceptor[] = [],
  ): Promise<Map<string, number>> {
    const client = new grpc.Client(cluster.address, credentials, { ...CHANNEL_OPTIONS, interceptors });
    const codes = new Map<string, number>();
    try {
      for (const method of methods) codes.set(method.path, await statusOf(client, method));
    } finally {
      client.close();
    }
    return codes;
  }

  async function credentialsOf(name: string, role: 'user' | 'worker'): Promise<grpc.ChannelCredentials> {
    const { csrPem, keyPem } = await createCsr(name);
    const { certificatePem, caPem } = await d.users.add({ name, role, csrPem });
    return clientCredentials({ certificatePem, caPem, keyPem });
  }

  it('walks the methods of three services, and health and reflection answer a user', async () => {
    const services = new Set(OURS.map(({ path }) => path.split('/')[1]));
    expect([...services]).to.include.members([
      'dsage.v1.ClientService',
      'dsage.v1.ServerService',
      'dsage.v1.WorkerService',
    ]);
    const own = clientCredentials(loadClientFiles(cluster.directory));
    const codes = await callAs(own, [...HEALTH.slice(0, 2), ...REFLECTION]);
    expect(unexpected(codes, status.OK)).to.deep.equal([]);
  });

  it('a caller without a certificate is refused on every method', async () => {
    const nobody = grpc.credentials.createSsl(ca, null, null, { checkServerIdentity: () => undefined });
    const codes = await callAs(nobody, ALL);
    expect(unexpected(codes, status.UNAUTHENTICATED)).to.deep.equal([]);
  });

  it('a caller with a certificate of another CA is refused on every method', async () => {
    const other = makeTempDir();
    await ensureClusterFiles(other);
    const { certificatePem, keyPem } = loadClientFiles(other);
    const codes = await callAs(clientCredentials({ caPem: ca.toString(), certificatePem, keyPem }), ALL);
    expect(unexpected(codes, status.UNAUTHENTICATED)).to.deep.equal([]);
  });

  it('a worker is refused on every method of ClientService, and on the administration', async () => {
    const worker = await credentialsOf('node1', 'worker');
    const codes = await callAs(worker, [...Object.values(ClientServiceService), ...administration()]);
    expect(unexpected(codes, status.PERMISSION_DENIED)).to.deep.equal([]);
  });

  it('whoever claims to coordinate a job, and does not, is refused on every method', async () => {
    const waiting = d('1', { labels: ['nowhere'] });
    const job = await waiting.accepted;
    const worker = await credentialsOf('node2', 'worker');
    const own = clientCredentials(loadClientFiles(cluster.directory));
    for (const instance of ['', 'not a worker']) {
      const claims = [claiming({ instance, job, attempt: 1 })];
      for (const credentials of [worker, own]) {
        const codes = await callAs(credentials, OURS, claims);
        expect(unexpected(codes, status.PERMISSION_DENIED)).to.deep.equal([]);
      }
    }
    await waiting.kill();
  });

  it('a user is refused on the administration', async () => {
    const codes = await callAs(await credentialsOf('bob', 'user'), administration());
    expect(unexpected(codes, status.PERMISSION_DENIED)).to.deep.equal([]);
  });

  it('a disabled user is refused on every method at once, an open session ends', async () => {
    const { csrPem, keyPem } = await createCsr('carol');
    const { certificatePem, caPem } = await d.users.add({ name: 'carol', csrPem });
    const carol = clientCredentials({ certificatePem, caPem, keyPem });
    const client = new grpc.Client(cluster.address, carol, CHANNEL_OPTIONS);
    const session = client.makeBidiStreamRequest(
      ClientServiceService.session.path,
      ClientServiceService.session.requestSerialize,
      ClientServiceService.session.responseDeserialize,
    );
    let ended: number | undefined;
    session.on('data', () => undefined).on('error', (error: grpc.ServiceError) => (ended = error.code));
    session.write({
      message: {
        $case: 'open',
        value: { hello: { protocolVersion: 1, packageVersion: 'test' }, session: 'carols', host: '', pid: 0 },
      },
    });
    await eventually('the session is known', async () =>
      (await d.clients()).some(({ user }) => user === 'carol'),
    );
    await d.users.disable('carol');
    await eventually('the session ends', () => ended !== undefined);
    expect(ended).to.equal(status.UNAUTHENTICATED);
    const codes = await callAs(carol, ALL);
    expect(unexpected(codes, status.UNAUTHENTICATED)).to.deep.equal([]);
    await d.users.enable('carol');
    expect([...(await callAs(carol, [ClientServiceService.listJobs])).values()]).to.deep.equal([status.OK]);
    client.close();
  });

  it("users see and touch their own jobs only, admins all of them, and another user's worker takes none of them", async () => {
    const job = d('6 * 7');
    await job.wait({ timeoutMs: 10_000 });
    const dan = new grpc.Client(cluster.address, await credentialsOf('dan', 'user'), CHANNEL_OPTIONS);
    const calls = [
      'getJob',
      'killJobs',
      'rerunJobs',
      'explainJob',
      'forgetJobs',
      'pauseJobs',
      'setPriority',
      'listTasks',
      'getTask',
    ] as const;
    for (const name of calls) {
      const { code } = await unaryCall(dan, ClientServiceService[name] as AnyMethod, requestFor(job.id ?? 0));
      expect(code, name).to.equal(status.PERMISSION_DENIED);
    }
    const listed = await unaryCall(dan, ClientServiceService.listJobs, {});
    expect(listed.response).to.have.deep.property('jobs', []);
    const everybody = await unaryCall(dan, ClientServiceService.listJobs, { owner: '*' });
    expect(everybody.code).to.equal(status.PERMISSION_DENIED);
    dan.close();
    expect(await job.wait()).to.equal(42);
  });

  it('another protocol version is refused by a message that names both', async () => {
    const own = new grpc.Client(
      cluster.address,
      clientCredentials(loadClientFiles(cluster.directory)),
      CHANNEL_OPTIONS,
    );
    const { code, details } = await unaryCall(own, ServerServiceService.handshake, {
      hello: { protocolVersion: 99, packageVersion: '9.9.9' },
    });
    own.close();
    expect(code).to.equal(status.FAILED_PRECONDITION);
    expect(details).to.match(/protocol 1\b.*9\.9\.9 \(protocol 99\)/);
  });
});

function administration(): Method[] {
  const { stopServer, addUser, listUsers, setUserEnabled, removeUser } = ServerServiceService;
  return [stopServer, addUser, listUsers, setUserEnabled, removeUser];
}

/** Fields of all requests that name a job. */
function requestFor(job: number) {
  return {
    job,
    jobs: [job],
    priority: 3,
    index: 0,
    statuses: [],
    indexes: [],
    reason: '',
    pageToken: '',
    pageSize: 0,
  };
}

function unexpected(codes: ReadonlyMap<string, number>, wanted: number): string[] {
  return [...codes]
    .filter(([, code]) => code !== wanted)
    .map(([path, code]) => `${path}: ${status[code] ?? String(code)}`);
}

/** Calls any method with an empty request, and says how it ended. */
function statusOf(client: grpc.Client, { path, requestStream, responseStream }: Method): Promise<number> {
  const empty = () => Buffer.alloc(0);
  const keep = (bytes: Buffer) => bytes;
  const deadline = { deadline: Date.now() + 5_000 };
  return new Promise((resolve) => {
    const done = (error: grpc.ServiceError | null) => {
      resolve(error?.code ?? status.OK);
    };
    if (requestStream && !responseStream) {
      client.makeClientStreamRequest(path, empty, keep, deadline, done).end();
    } else if (!responseStream) {
      client.makeUnaryRequest(path, empty, keep, {}, deadline, done);
    } else {
      const both = requestStream ? client.makeBidiStreamRequest(path, empty, keep, deadline) : undefined;
      const call = both ?? client.makeServerStreamRequest(path, empty, keep, {}, deadline);
      call.on('data', () => undefined).on('error', () => undefined);
      call.on('status', ({ code }) => {
        resolve(code);
      });
      both?.end();
    }
  });
}

function unaryCall<Request, Response>(
  client: grpc.Client,
  method: grpc.MethodDefinition<Request, Response>,
  request: object,
): Promise<{ code: number; details: string; response?: Response }> {
  return new Promise((resolve) => {
    client.makeUnaryRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      { ...EMPTY, ...request } as Request,
      (error, response) => {
        if (error !== null) resolve({ code: error.code, details: error.details });
        else resolve({ code: status.OK, details: '', ...(response === undefined ? {} : { response }) });
      },
    );
  });
}

/** Defaults of all requests' fields, since generated encoders want every one. */
const EMPTY = {
  statuses: [],
  owner: '',
  nameContains: '',
  kind: '',
  oldestFirst: false,
  pageSize: 0,
  pageToken: '',
  withProgram: false,
  all: false,
  reason: '',
  indexes: [],
  onlyFailed: false,
  allFinished: false,
};

function standard(path: string, responseStream: boolean): Method {
  return { path, requestStream: false, responseStream };
}
