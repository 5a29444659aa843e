import { chmodSync, existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

import { expect } from 'chai';

import type { SessionView } from '#dsage/model/monitor.js';

import { runDsage } from '../support/cli.js';
import { type Cluster, eventually, startCluster } from '../support/cluster.js';
import { makeTempDir, removeTempDirs } from '../support/temp-dir.js';
import { hasTerminals, Terminal } from '../support/terminal.js';
import { WebClient } from '../support/web.js';

const LINK = /^http:\/\/localhost:\d+\/login\?token=[\w-]{43}$/;

describe('dsage web', function () {
  this.timeout(60_000);
  let cluster: Cluster;

  before(async () => {
    cluster = await startCluster({ workers: 0 });
  });
  after(async () => {
    await cluster.stop();
    removeTempDirs();
  });

  /** A folder for PATH whose xdg-open does this; `$opened` is the file that it may leave. */
  function opener(script: string): {
    readonly env: Readonly<Record<string, string>>;
    readonly opened: string;
  } {
    const folder = makeTempDir();
    const opened = join(folder, 'opened');
    writeFileSync(join(folder, 'xdg-open'), `#!/bin/sh\nopened='${opened}'\n${script}\n`);
    chmodSync(join(folder, 'xdg-open'), 0o700);
    return { env: { PATH: `${folder}${delimiter}${process.env['PATH'] ?? ''}`, DISPLAY: ':9' }, opened };
  }

  async function onTerminal(env: Readonly<Record<string, string>>, ...args: string[]): Promise<string> {
    const terminal = new Terminal(['web', ...args], { directory: cluster.directory, env });
    expect(await terminal.end()).to.equal(0);
    return terminal.screen;
  }

  /** The link logs in, and does so once. */
  async function expectOpensOnce(link: string): Promise<void> {
    expect(link).to.match(LINK);
    const web = new WebClient(cluster.webUrl);
    expect((await web.login(link)).status).to.equal(303);
    expect(await web.json<SessionView>('/api/session')).to.have.property('role', 'admin');
    expect((await web.ask('/')).text).to.include('<title>dsage');
    const { status, text } = await new WebClient(cluster.webUrl).login(link);
    expect([status, text]).to.deep.equal([
      401,
      'This link has been used, or is too old. Run `dsage web` for a new one: each opens the monitor once, within five minutes.\n',
    ]);
  }

  it('gives the browser of a machine with a screen a link that logs in, once', async function () {
    if (!hasTerminals) this.skip();
    const { env, opened } = opener('echo "$#" "$1" > "$opened.new"; mv "$opened.new" "$opened"');
    const screen = await onTerminal(env);
    await eventually('the browser was called', () => existsSync(opened));
    const [count, link = ''] = readFileSync(opened, 'utf8').trim().split(' ');
    expect(count).to.equal('1');
    expect(screen.split('\n')).to.include(link);
    expect(screen).to.not.include('No browser');
    await expectOpensOnce(link);
  });

  it('says so where there is no browser to open, below a link that works', async function () {
    if (!hasTerminals) this.skip();
    const empty = makeTempDir();
    // All that its own start needs, and no opener.
    for (const name of ['sh', 'stty', 'script']) symlinkSync(`/usr/bin/${name}`, join(empty, name));
    const lacking = { PATH: empty, DISPLAY: ':9' };
    for (const env of [lacking, opener('echo "no method available for opening" >&2; exit 3').env]) {
      const screen = await onTerminal(env);
      expect(screen).to.include('No browser was found to open it with.').and.not.include('no method');
      await expectOpensOnce(screen.split('\n').find((line) => LINK.test(line)) ?? '');
    }
  });

  it('opens nothing with --no-open, without a screen, without a terminal, or as JSON', async function () {
    const { env, opened } = opener('touch "$opened"');
    const { directory } = cluster;
    const link = (await runDsage(['web'], { directory, env })).stdout.trim();
    const { url } = JSON.parse((await runDsage(['web', '--json'], { directory, env })).stdout) as {
      url: string;
    };
    if (hasTerminals) {
      expect(await onTerminal(env, '--no-open')).to.match(/\/login\?token=/);
      expect(await onTerminal({ ...env, DISPLAY: '', WAYLAND_DISPLAY: '' })).to.match(/\/login\?token=/);
    }
    for (const one of [link, url]) await expectOpensOnce(one);
    expect(existsSync(opened)).to.equal(false);
  });
});
