import { expect } from 'chai';

import type { ModuleHome } from '#dsage/code/module-home.js';
import { loadExport } from '#dsage/evaluators/modules.js';
import { packageVersion } from '#dsage/wire/hello.js';

import { removeTempDirs } from '../../support/temp-dir.js';
import { UserPackage } from '../../support/user-package.js';

describe('the modules of programs, on a worker', () => {
  let site: UserPackage;

  before(() => {
    site = new UserPackage({
      'node_modules/theirs/package.json':
        '{ "name": "theirs", "version": "2.1.0", "exports": { "./job": "./job.js", "./old": "./old.cjs" } }',
      'node_modules/theirs/job.js': 'exports.Job = class Job {}; exports.other = 1;',
      'node_modules/theirs/old.cjs': 'module.exports = function Whole() {};',
      'bundle.mjs': 'export const one = 1;',
    });
  });

  after(() => removeTempDirs());

  const load = async (home: ModuleHome, name: string, bundle?: string): Promise<unknown> =>
    loadExport(
      { home, export: name },
      { job: 3, bundle, startDirectory: site.folder, worker: 'lab-1', isDetached: false },
    );

  const refusal = async (home: ModuleHome, name: string): Promise<string> => {
    const thrown = await load(home, name, site.path('bundle.mjs')).catch((error: unknown) => error);
    expect(thrown).to.have.property('code', 'setup');
    return (thrown as Error).message;
  };

  const installed = (specifier: string, version = '2.1.0'): ModuleHome => ({
    kind: 'package',
    specifier,
    version,
  });

  it('are found in the packages that the worker has', async () => {
    expect(await load(installed('theirs/job'), 'Job')).to.have.property('name', 'Job');
    expect(await load(installed('theirs/old'), 'Whole')).to.have.property('name', 'Whole');
  });

  it('name package, version and worker when it is not there', async () => {
    const message = await refusal(installed('absent/job', '1.2.3'), 'Job');
    expect(message).to.contain('absent/job (version 1.2.3) is not installed on worker lab-1');
    expect(message).to.contain(site.folder);
  });

  it('name both versions when they differ', async () => {
    expect(await refusal(installed('theirs/job', '2.0.0'), 'Job')).to.contain(
      'submitted with theirs/job (version 2.0.0), and worker lab-1 has version 2.1.0',
    );
    const own: ModuleHome = { kind: 'dsage', path: 'jobs/distributed-job.js', version: '0.0.9' };
    expect(await refusal(own, 'DistributedJob')).to.contain(
      `submitted with dsage 0.0.9, and worker lab-1 has dsage ${packageVersion()}`,
    );
  });

  it('are found in dsage itself, and nowhere outside of it', async () => {
    const own = (path: string): ModuleHome => ({ kind: 'dsage', path, version: packageVersion() });
    expect(await load(own('jobs/distributed-job.js'), 'DistributedJob')).to.be.a('function');
    expect(await refusal(own('../package.json'), 'x')).to.contain('is no file of dsage');
  });

  it('say what they export when the name is not among it', async () => {
    expect(await load({ kind: 'bundle' }, 'one', site.path('bundle.mjs'))).to.equal(1);
    expect(await refusal({ kind: 'bundle' }, 'two')).to.contain('exports no two. It exports one.');
  });

  it('say so when the bundle did not come', async () => {
    const thrown = await load({ kind: 'bundle' }, 'one').catch((error: unknown) => error);
    expect((thrown as Error).message).to.contain('Job 3 came without the bundle');
  });
});
