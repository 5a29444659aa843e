import { expect } from 'chai';

import type { Dsage } from '#dsage/client/connect.js';

import { runDsage } from '../support/cli.js';
import { type Cluster, eventually, startCluster } from '../support/cluster.js';
import { removeTempDirs } from '../support/temp-dir.js';
import { hasTerminals, Terminal } from '../support/terminal.js';

const NEVER = 'await new Promise((done) => setTimeout(done, 600_000))';

describe('dsage top', function () {
  this.timeout(60_000);
  let cluster: Cluster;
  let d: Dsage;

  before(async () => {
    cluster = await startCluster({ workers: 1 });
    d = await cluster.connect();
    const failing = d.eval('throw new TypeError("no good")', { name: 'broken', maxAttempts: 1 });
    await failing.wait().catch(() => undefined);
    const endless = d.eval(NEVER, { name: 'endless' });
    const nowhere = d.eval('1', { name: 'nowhere', labels: ['nobody-has-it'] });
    await eventually('a task runs', async () => (await d.serverStatus()).busySlots === 1);
    await eventually('both are there', () => endless.id !== undefined && nowhere.id !== undefined);
  });

  after(async () => {
    await d.killAll();
    await cluster.stop();
    removeTempDirs();
  });

  it('prints one frame, without control codes where there is no terminal', async () => {
    const { code, stdout, stderr } = await runDsage(['top', '--once'], { directory: cluster.directory });
    expect(code, stderr).to.equal(0);
    // eslint-disable-next-line no-control-regex
    expect(stdout).to.not.match(/[\u0000-\u0009\u000b-\u001f]/);
    expect(stdout)
      .to.match(/^dsage \d/)
      .and.include('1/1 busy')
      .and.include('JOBS  2 unfinished');
    expect(stdout).to.match(/processing {2}▒{24} {2}0\/1 .*endless/);
    expect(stdout).to.match(/waiting {5}░{24} {2}0\/1 .*nowhere/);
    expect(stdout).to.match(/FAILED LAST\n.*broken.*no good/);
    // What is not a terminal needs no --once.
    expect((await runDsage(['top'], { directory: cluster.directory })).code).to.equal(0);
  });

  it('prints what it shows as JSON', async () => {
    const { stdout } = await runDsage(['top', '--json'], { directory: cluster.directory });
    expect(JSON.parse(stdout)).to.have.nested.property('status.busySlots', 1);
  });

  it('keeps a terminal up to date until q, and gives the screen back', async function () {
    if (!hasTerminals) this.skip();
    const terminal = new Terminal(['top'], { directory: cluster.directory });
    await terminal.shows(/endless[^]*q leaves/);
    d.eval(NEVER, { name: 'a newer one' });
    await terminal.shows(/a newer one/);
    terminal.type('q');
    expect(await terminal.end()).to.equal(0);
  });
});
