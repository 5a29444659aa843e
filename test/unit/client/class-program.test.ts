import { expect } from 'chai';

import { classProgram } from '#dsage/client/class-program.js';
import { DistributedJob } from '#dsage/jobs/distributed-job.js';
import type { JobClass } from '#dsage/jobs/job-class.js';
import { DsageError } from '#dsage/model/errors.js';
import { decodeValue } from '#dsage/wire/codec.js';
import { packageVersion } from '#dsage/wire/hello.js';

import { removeTempDirs } from '../../support/temp-dir.js';
import { UserPackage } from '../../support/user-package.js';

const classIn = (head: string, name = 'Job'): string => `
import { DistributedJob } from 'dsage';
${head} class ${name} extends DistributedJob<unknown, number, number, null> {
  static readonly module = import.meta.url;
  *tasks() {}
  compute(n: number) { return n; }
  collect() {}
  get result() { return null; }
}
`;

describe('the program of a job class', () => {
  let theirs: UserPackage;

  before(() => {
    theirs = new UserPackage({
      'named.ts': classIn('export'),
      'default.ts': classIn('export default'),
      'anonymous.ts': classIn('export default', ''),
      'hidden.ts': `${classIn('')}\nexport const made = { Job };\nexport const other = 1;\n`,
    });
  });

  after(() => removeTempDirs());

  const load = async (file: string, name: string): Promise<JobClass> =>
    (await theirs.load(file))[name] as JobClass;

  const refusal = async (Class: JobClass, parameters: unknown = null): Promise<DsageError> => {
    const thrown = await classProgram(Class, parameters).catch((error: unknown) => error);
    expect(thrown).to.be.instanceOf(DsageError);
    return thrown as DsageError;
  };

  it('names the export and has the bundle', async () => {
    const { program, bundle, summary } = await classProgram(await load('named.ts', 'Job'), { limit: 5n });
    expect(decodeValue(program)).to.deep.equal({
      ...{ type: 'class', home: { kind: 'bundle' }, export: 'Job', name: 'Job', parameters: { limit: 5n } },
    });
    expect(Buffer.from(bundle ?? '').toString()).to.match(/extends dsage\$DistributedJob/);
    expect(summary).to.equal('Job');
  });

  it('takes the default export when the class has no export of its own name', async () => {
    const { program } = await classProgram(await load('default.ts', 'default'), null);
    expect(decodeValue(program)).to.include({ export: 'default', name: 'Job' });
    const anonymous = await classProgram(await load('anonymous.ts', 'default'), null);
    expect(decodeValue(anonymous.program)).to.include({ export: 'default' });
  });

  it('refuses a class that its module does not export, with what it exports', async () => {
    const { Job } = (await theirs.load('hidden.ts'))['made'] as { Job: JobClass };
    const error = await refusal(Job);
    expect(error.code).to.equal('not-shippable');
    expect(error.message).to.contain('The class Job').and.to.contain('exports made, other, and no Job');
    expect(error.message).to.contain('export { Job }');
  });

  it('refuses a class that does not say where it is', async () => {
    abstract class Homeless extends DistributedJob {}
    const error = await refusal(Homeless);
    expect(error.message).to.contain('Homeless').and.to.contain('static readonly module = import.meta.url');
    class Elsewhere extends (Homeless as unknown as new (parameters: unknown) => object) {
      static readonly module = 'https://example.org/job.js';
    }
    expect((await refusal(Elsewhere as unknown as JobClass)).message).to.contain('which is no file');
  });

  it('refuses parameters that cannot travel, with the path to them', async () => {
    const error = await refusal(await load('named.ts', 'Job'), { list: [1, () => 2] });
    expect(error.message).to.contain(
      'The class Job has parameters that cannot travel: $.list[1] is a function',
    );
  });

  it('names classes of dsage by their path and version', async () => {
    const url = import.meta.resolve('#dsage/jobs/distributed-job.js');
    class Own extends (DistributedJob as unknown as new (parameters: unknown) => object) {
      static readonly module = url;
    }
    const { program, bundle } = await classProgram(Own as unknown as JobClass, null);
    expect(bundle).to.equal(undefined);
    expect(decodeValue(program)).to.deep.include({
      home: { kind: 'dsage', path: 'jobs/distributed-job.js', version: packageVersion() },
    });
  });

  it('names classes of installed packages by what is installed here', async () => {
    class Installed extends (DistributedJob as unknown as new (parameters: unknown) => object) {
      static readonly module: string = 'chai';
    }
    const { program, bundle } = await classProgram(Installed as unknown as JobClass, null);
    expect(bundle).to.equal(undefined);
    expect(decodeValue(program))
      .to.have.property('home')
      .that.includes({ kind: 'package', specifier: 'chai' })
      .and.has.property('version')
      .that.matches(/^6\./);
  });
});
