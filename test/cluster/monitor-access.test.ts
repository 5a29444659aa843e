import { expect } from 'chai';

import type { Dsage } from '#dsage/client/connect.js';
import { acceptCertificate, requestCertificate } from '#dsage/security/enrol.js';
import { loadClientFiles } from '#dsage/security/load.js';
import { createCsr } from '#dsage/security/pki.js';

import { apiRoutes } from '../support/api-routes.js';
import { type Cluster, eventually, startCluster } from '../support/cluster.js';
import { RawClient } from '../support/raw-client.js';
import { makeTempDir, removeTempDirs } from '../support/temp-dir.js';
import { WebClient } from '../support/web.js';

/** A route with something in place of what it leaves open. */
function concrete(route: string): [string, string] {
  const [method = '', path = ''] = route.split(' ');
  return [method, path.replace(':name', 'nobody').replace(/:\w+/g, '1')];
}

describe('access to the monitor', function () {
  this.timeout(60_000);
  let cluster: Cluster;
  let d: Dsage;
  let url: string;

  before(async () => {
    cluster = await startCluster({ workers: 1 });
    d = await cluster.connect();
    url = await d.webServerUrl();
  });
  after(async () => {
    await cluster.stop();
    removeTempDirs();
  });

  /** Somebody who is logged in; the admin of the cluster unless another user is named. */
  async function loggedIn(name?: string): Promise<WebClient> {
    const web = new WebClient(url);
    const link = name === undefined ? await d.webLogin() : await linkOf(name);
    expect((await web.login(link)).status).to.equal(303);
    return web;
  }

  async function linkOf(name: string): Promise<string> {
    const directory = makeTempDir();
    const { csrPem } = await requestCertificate(directory, name);
    const { certificatePem, caPem } = await d.users.add({ name, csrPem });
    acceptCertificate(directory, `${certificatePem}\n${caPem}\n`, 'the answer');
    const raw = new RawClient(cluster.address, directory);
    try {
      return await new Promise<string>((resolve, reject) => {
        raw.server.createWebLogin({}, (error, answer) => {
          if (error === null) resolve(answer.url);
          else reject(error);
        });
      });
    } finally {
      raw.close();
    }
  }

  it('every route of the API answers 401 to whoever is not logged in', async () => {
    const nobody = new WebClient(url);
    const routes = apiRoutes();
    expect(routes.length).to.be.greaterThan(15);
    const [name] = ((await loggedIn()).cookie ?? '').split('=');
    for (const cookie of [undefined, `${name}=`, `${name}=${'A'.repeat(43)}`]) {
      nobody.cookie = cookie;
      for (const route of routes) {
        const [method, path] = concrete(route);
        for (const wanted of [path, path.toUpperCase(), `${path}/`]) {
          const answer = method === 'GET' ? nobody.ask(wanted) : nobody.change(wanted, {}, method);
          expect((await answer).status, `${method} ${wanted}`).to.equal(401);
        }
      }
    }
  });

  it('health, readiness and metrics answer anybody on this machine', async () => {
    const nobody = new WebClient(url);
    expect(JSON.parse((await nobody.ask('/healthz')).text)).to.deep.equal({ status: 'ok' });
    expect(JSON.parse((await nobody.ask('/readyz')).text)).to.deep.equal({ status: 'ready' });
    const { status, text, headers } = await nobody.ask('/metrics');
    expect([status, headers['content-type']]).to.deep.equal([
      200,
      'text/plain; version=0.0.4; charset=utf-8',
    ]);
    expect(text).to.match(/^dsage_workers 1$/m);
  });

  it('a link opens it once; the cookie is kept from scripts and from other sites', async () => {
    const link = await d.webLogin();
    const web = new WebClient(url);
    const { status, headers } = await web.login(link);
    expect([status, headers['location']]).to.deep.equal([303, '/']);
    expect(headers['set-cookie']?.[0]).to.match(
      /^dsage_session_[0-9a-f]{8}=[\w-]{43}; path=\/; samesite=strict; httponly$/,
    );
    expect((await web.json<{ role: string }>('/api/session')).role).to.equal('admin');
    const second = await new WebClient(url).login(link);
    expect([second.status, second.headers['set-cookie']]).to.deep.equal([401, undefined]);
    expect((await web.change('/api/logout')).status).to.equal(200);
    expect((await web.ask('/api/session')).status).to.equal(401);
  });

  it('a Host of another name is refused, on every path', async () => {
    const web = await loggedIn();
    const { port } = new URL(url);
    for (const path of ['/', '/healthz', '/metrics', '/api/session', '/login?token=x']) {
      for (const host of [`evil.example:${port}`, 'localhost', `10.0.0.1:${port}`]) {
        const { status, headers } = await web.ask(path, { headers: { Host: host } });
        expect([status, headers['set-cookie']], `${path} at ${host}`).to.deep.equal([403, undefined]);
      }
    }
  });

  it('a change that another site asks for is refused', async () => {
    const web = await loggedIn();
    const json = { 'Content-Type': 'application/json' };
    const attempts: Record<string, string>[] = [
      { Origin: 'https://evil.example', ...json },
      { Origin: 'null', ...json },
      { Origin: 'https://evil.example', 'X-Dsage': '1', ...json },
      { Origin: url.replace('http:', 'https:'), ...json },
      { ...json },
      { 'X-Dsage': '1', 'Sec-Fetch-Site': 'cross-site', ...json },
      { 'X-Dsage': '1', 'Sec-Fetch-Site': 'same-site', ...json },
    ];
    for (const route of apiRoutes().filter((it) => !it.startsWith('GET'))) {
      const [method, path] = concrete(route);
      for (const headers of attempts) {
        const { status } = await web.ask(path, { method, headers, body: '{}' });
        expect(status, `${method} ${path} ${JSON.stringify(headers)}`).to.equal(403);
      }
    }
    const form = { Origin: url, 'Content-Type': 'text/plain' };
    expect((await web.ask('/api/logout', { method: 'POST', headers: form, body: '{}' })).status).to.equal(
      400,
    );
    const program = { 'X-Dsage': '1', ...json };
    const { status } = await web.ask('/api/jobs/pause', {
      method: 'POST',
      headers: program,
      body: '{"jobs":[]}',
    });
    expect(status).to.equal(400);
  });

  it('headers say that nothing inline runs and nobody frames it', async () => {
    const { headers } = await new WebClient(url).ask('/');
    expect(headers['content-security-policy'])
      .to.include("default-src 'self'")
      .and.include("frame-ancestors 'none'")
      .and.not.include('unsafe');
    expect(headers['x-content-type-options']).to.equal('nosniff');
    expect(headers['referrer-policy']).to.equal('no-referrer');
  });

  it("users can't touch another user's jobs or workers, nor the users, nor read the server's log", async () => {
    const web = await loggedIn('dave');
    const waiting = d('1', { labels: ['nowhere'] });
    const job = await waiting.accepted;
    const jobs = [job];
    const [worker] = await d.workers();
    const refused: [string, unknown][] = [
      ['/api/jobs/kill', { jobs }],
      ['/api/jobs/rerun', { jobs }],
      ['/api/jobs/pause', { jobs }],
      ['/api/jobs/resume', { jobs }],
      ['/api/jobs/priority', { jobs, priority: 1 }],
      ['/api/jobs/forget', { jobs }],
      [`/api/jobs/${String(job)}/tasks/kill`, { indexes: [0] }],
      ...['drain', 'resume', 'remove'].map((act): [string, unknown] => [
        `/api/workers/${String(worker?.worker)}/${act}`,
        {},
      ]),
      ['/api/users', { name: 'eve', csrPem: '' }],
      ['/api/users/dave/disable', {}],
    ];
    for (const [path, body] of refused) expect((await web.change(path, body)).status, path).to.equal(403);
    expect((await web.change('/api/users/dave', {}, 'DELETE')).status).to.equal(403);
    for (const route of apiRoutes().filter((it) => it.startsWith('GET /api/jobs/:id'))) {
      const path = route.slice('GET '.length).replace(':id', String(job)).replace(':index', '0');
      expect((await web.ask(path)).status, path).to.equal(403);
    }
    expect((await web.json<{ jobs: unknown[] }>('/api/jobs')).jobs).to.deep.equal([]);
    expect((await web.json<{ active: unknown[] }>('/api/overview')).active).to.deep.equal([]);
    for (const path of ['/api/users', '/api/server/log', `/api/workers/${String(worker?.worker)}/log`]) {
      expect((await web.ask(path)).status, path).to.equal(403);
    }
    await eventually('the job is waiting', () => waiting.status === 'waiting');
    await waiting.kill();
  });

  it('what is wrong in a request is said', async () => {
    const web = await loggedIn();
    const wrong: [string, unknown, number, string][] = [
      ['/api/jobs/kill', { jobs: [] }, 400, 'Name at least one job.'],
      ['/api/jobs/kill', { jobs: ['1'] }, 400, 'jobs must be a list of whole numbers from 0 on.'],
      ['/api/jobs/kill', [], 400, 'The body must be an object of JSON.'],
      ['/api/jobs/kill', { jobs: [999_999] }, 404, 'There is no job 999999.'],
      ['/api/jobs/x/tasks/kill', { indexes: [1] }, 400, '"x" is no number.'],
      ['/api/workers/77/drain', {}, 404, 'There is no worker 77.'],
      ['/api/nothing', {}, 404, 'There is no POST /api/nothing.'],
    ];
    for (const [path, body, status, message] of wrong) {
      const answer = await web.change(path, body);
      expect([
        answer.status,
        (JSON.parse(answer.text) as { error: { message: string } }).error.message,
      ]).to.deep.equal([status, message]);
    }
    const long = await web.change('/api/jobs/kill', { reason: 'x'.repeat(2 ** 21) });
    expect(long.status).to.equal(413);
  });

  it('jobs are killed, paused, resumed and made more urgent, and the log says by whom', async () => {
    const web = await loggedIn();
    const waiting = d('1', { labels: ['nowhere'] });
    const job = await waiting.accepted;
    const jobs = [job];
    expect((await web.change('/api/jobs/pause', { jobs })).status).to.equal(200);
    await eventually('the job is paused', () => waiting.status === 'paused');
    expect((await web.change('/api/jobs/resume', { jobs })).status).to.equal(200);
    expect((await web.change('/api/jobs/priority', { jobs, priority: 1 })).status).to.equal(200);
    expect((await web.change('/api/jobs/priority', { jobs, priority: 9 })).status).to.equal(400);
    const killed = await web.change('/api/jobs/kill', { jobs, reason: 'no longer wanted' });
    expect([killed.status, killed.text]).to.deep.equal([200, JSON.stringify({ killed: jobs })]);
    await eventually('the job is killed', () => waiting.status === 'killed');
    const { user } = await web.json<{ user: string }>('/api/session');
    const { lines } = await web.json<{ lines: string[] }>('/api/server/log?lines=200');
    const line = lines
      .map((it) => JSON.parse(it) as Record<string, unknown>)
      .findLast((it) => it['message'] === 'jobs were killed');
    expect(line).to.include({ by: user, reason: 'no longer wanted' });
    expect((await web.change('/api/jobs/forget', { jobs })).text).to.equal('{"forgotten":1}');
  });

  it('a user is added by a request, disabled at once with the session, and enabled again', async () => {
    const admin = await loggedIn();
    const { csrPem } = await createCsr('frank');
    const added = await admin.change('/api/users', { name: 'frank', role: 'user', csrPem });
    expect(added.text).to.include('BEGIN CERTIFICATE');
    const frank = await loggedIn('frank');
    expect((await frank.json<{ user: string }>('/api/session')).user).to.equal('frank');
    expect((await admin.change('/api/users/frank/disable')).status).to.equal(200);
    expect((await frank.ask('/api/session')).status).to.equal(401);
    const users = await admin.json<{ name: string; enabled: boolean }[]>('/api/users');
    expect(users.find(({ name }) => name === 'frank')).to.include({ enabled: false, certificates: 2 });
    expect((await admin.change('/api/users/frank/enable')).status).to.equal(200);
    // The session ended when it was refused.
    expect((await frank.ask('/api/session')).status).to.equal(401);
    expect((await admin.change('/api/users/frank', {}, 'DELETE')).status).to.equal(200);
  });

  it('the server tells of itself', async () => {
    const web = await loggedIn();
    await d('1+1').wait();
    const server = await web.json<Record<string, unknown>>('/api/server');
    expect(server).to.include({ webUrl: url, address: cluster.address });
    expect(server['commits']).to.be.greaterThan(0);
    expect(server['config']).to.include({ webPublicStatus: false });
    const { text } = await web.ask('/metrics');
    expect(text)
      .to.match(/^dsage_task_seconds_count [1-9]/m)
      .and.match(/^dsage_commit_seconds_count [1-9]/m);
    expect(text).to.match(/^dsage_jobs_ended_total\{status="completed"\} [1-9]/m);
  });

  it('a session outlives a restart of the server', async () => {
    const web = await loggedIn();
    const port = new URL(url).port;
    await cluster.killServer('SIGKILL');
    await cluster.restartServer('--web-port', port);
    await eventually('the client is back', () => d.isConnected());
    expect((await web.json<{ role: string }>('/api/session')).role).to.equal('admin');
  });

  it('an address from which ten logins failed has to wait', async () => {
    const web = new WebClient(url);
    for (let failure = 0; failure < 10; failure += 1) {
      expect((await web.login(`${url}/login?token=${'x'.repeat(43)}`)).status).to.equal(401);
    }
    const { status, headers } = await web.login(await d.webLogin());
    expect([status, headers['retry-after']]).to.deep.equal([429, '60']);
  });
});

describe('a monitor that is open to others', function () {
  this.timeout(60_000);
  let cluster: Cluster;
  after(async () => {
    await cluster.stop();
    removeTempDirs();
  });

  it('speaks HTTPS with the certificate of the cluster, shows its overview to anybody, and nothing else', async () => {
    cluster = await startCluster({
      workers: 0,
      serverArgs: ['--web-host', '0.0.0.0', '--web-public-status'],
    });
    const d = await cluster.connect();
    const { caPem } = loadClientFiles(cluster.directory);
    const url = `https://127.0.0.1:${new URL(await d.webServerUrl()).port}`;
    const anybody = new WebClient(url, caPem);
    expect(await anybody.json('/api/session')).to.include({ user: '', role: '', isPublic: true });
    expect((await anybody.ask('/metrics')).status).to.equal(200);
    const open = new Set(['GET /api/session', 'GET /api/overview', 'GET /api/history']);
    for (const route of apiRoutes().filter((it) => !open.has(it))) {
      const [method, path] = concrete(route);
      const answer = method === 'GET' ? anybody.ask(path) : anybody.change(path, {}, method);
      expect((await answer).status, route).to.equal(401);
    }
    const { status, headers } = await anybody.login(await d.webLogin());
    expect(status).to.equal(303);
    expect(headers['set-cookie']?.[0]).to.include('; secure');
    expect((await anybody.json<{ role: string }>('/api/session')).role).to.equal('admin');
  });
});
