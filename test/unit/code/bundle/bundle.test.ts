import { mkdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { expect } from 'chai';

import { bundleModule } from '#dsage/code/bundle/bundle.js';
import type { BundleOptions } from '#dsage/code/bundle/bundle.js';
import { offerRuntime } from '#dsage/evaluators/runtime.js';
import { DsageError } from '#dsage/model/errors.js';

import { makeTempDir, removeTempDirs } from '../../../support/temp-dir.js';
import { UserPackage } from '../../../support/user-package.js';

describe('bundles', () => {
  let theirs: UserPackage;

  beforeEach(() => {
    theirs = new UserPackage({
      'job.ts':
        "import { half } from './half.js';\nexport function f(n: number) {\n  return half(n) + 1;\n}\nexport default f;\n",
      'half.ts': 'export function half(n: number): number {\n  return n / 2;\n}\n',
    });
  });

  after(() => removeTempDirs());

  const textOf = async (file = 'job.ts'): Promise<string> => {
    const { bytes } = await bundleModule(theirs.url(file), { label: 'The class A' });
    return Buffer.from(bytes).toString();
  };

  const refusal = async (
    files: Record<string, string>,
    options: Partial<BundleOptions> = {},
  ): Promise<DsageError> => {
    theirs.write(files);
    const [entry = ''] = Object.keys(files);
    try {
      await bundleModule(theirs.url(entry), { label: 'The class A', ...options });
    } catch (error) {
      expect(error).to.be.instanceOf(DsageError);
      return error as DsageError;
    }
    throw new Error('it was bundled');
  };

  it('know what the module exports', async () => {
    const { exports } = await bundleModule(theirs.url('job.ts'), { label: 'The class A' });
    expect([...exports].sort()).to.deep.equal(['default', 'f']);
  });

  it('run, with the names of functions', async () => {
    offerRuntime();
    const { bytes } = await bundleModule(theirs.url('job.ts'), { label: 'The class A' });
    theirs.write({ 'out.mjs': Buffer.from(bytes).toString() });
    const { f } = (await theirs.load('out.mjs')) as { f: (n: number) => number };
    expect([f(4), f.name]).to.deep.equal([3, 'f']);
  });

  it('have the same bytes for the same sources, wherever the process is', async () => {
    const first = await textOf();
    theirs.write({ 'half.ts': 'export function half(n: number): number {\n  return n / 2; // other\n}\n' });
    const other = await textOf();
    theirs.write({ 'half.ts': 'export function half(n: number): number {\n  return n / 2;\n}\n' });
    const before = process.cwd();
    process.chdir(makeTempDir());
    try {
      expect(await textOf()).to.equal(first);
    } finally {
      process.chdir(before);
    }
    expect(other).not.to.equal(first);
  });

  it('are made again only when a file has changed', async () => {
    const past = new Date(Date.now() - 60_000);
    for (const file of ['job.ts', 'half.ts']) utimesSync(theirs.path(file), past, past);
    const bundle = async (): Promise<Uint8Array> =>
      (await bundleModule(theirs.url('job.ts'), { label: 'The class A' })).bytes;
    const first = await bundle();
    expect(await bundle()).to.equal(first);
    expect((await Promise.all([bundle(), bundle()]))[1]).to.equal(first);
    theirs.write({ 'half.ts': 'export function half(n: number): number {\n  return n / 3;\n}\n' });
    const second = await bundle();
    expect(second).not.to.equal(first);
    expect(Buffer.from(second).toString()).to.contain('n / 3');
  });

  it('have a source map of the own files of the user, with their content', async () => {
    const data = /sourceMappingURL=data:application\/json;base64,(\S+)\s*$/.exec(await textOf())?.[1] ?? '';
    const map = JSON.parse(Buffer.from(data, 'base64').toString()) as {
      sources: string[];
      sourcesContent: string[];
    };
    expect(map.sources).to.deep.equal([theirs.url('half.ts'), theirs.url('job.ts')]);
    expect(map.sourcesContent[0]).to.contain('n: number');
  });

  it('leave dsage out', async () => {
    theirs.write({
      'small.ts': "import { DistributedJob } from 'dsage';\nexport class A extends DistributedJob {}\n",
    });
    expect(Buffer.byteLength(await textOf('small.ts'))).to.be.lessThan(8_000);
  });

  it('let packages of the older form find require, __dirname and __filename', async () => {
    theirs.write({
      'node_modules/old/package.json': '{ "name": "old", "version": "1.0.0" }',
      'node_modules/old/index.js':
        "exports.names = [typeof require('node:fs').readFileSync, typeof __dirname, require('node:path').basename(__filename)];",
      'uses-old.ts': [
        "import { createRequire } from 'node:module';",
        "import { names } from 'old';",
        // What users write themselves must not collide with it.
        'const require = createRequire(import.meta.url);',
        "const __dirname = 'own', __filename = 'own';",
        'export const all = [...names, typeof require, __dirname, __filename];',
      ].join('\n'),
    });
    theirs.write({ 'old.mjs': await textOf('uses-old.ts') });
    const { all } = await theirs.load('old.mjs');
    expect(all).to.deep.equal(['function', 'string', 'old.mjs', 'function', 'own', 'own']);
  });

  it("take the decorators of the user's tsconfig", async () => {
    theirs.write({
      'tsconfig.json': '{ "compilerOptions": { "experimentalDecorators": true } }',
      'decorated.ts': 'const mark = (target: unknown): void => void target;\n@mark\nexport class A {}\n',
    });
    expect(await textOf('decorated.ts')).to.contain('__decorateClass');
  });

  describe('are refused', () => {
    it('for an import that leads nowhere, by file, line and column', async () => {
      const error = await refusal({ 'bad.ts': "\n  import { x } from 'not-there';\nexport const y = x;\n" });
      expect(error.code).to.equal('not-shippable');
      expect(error.message).to.equal(
        `The class A cannot be sent to a worker: ${theirs.path('bad.ts')}:2:21: Could not resolve "not-there". Install it, or correct the import.`,
      );
    });

    it('for a syntax error', async () => {
      const error = await refusal({ 'bad.ts': 'export class A {\n  f( {\n}\n' });
      expect(error.message).to.contain(`${theirs.path('bad.ts')}:4:1: Expected`);
      expect(error.code).to.equal('not-shippable');
    });

    it('for a name that dsage does not export', async () => {
      const error = await refusal({
        'bad.ts': "import { nonsense } from 'dsage';\nexport const x = nonsense;\n",
      });
      expect(error.message).to.contain(
        `${theirs.path('bad.ts')}:1:10: No matching export in "dsage" for import "nonsense"`,
      );
      const part = await refusal({
        'part.ts': "import x from 'dsage/model/errors.js';\nexport const y = x;\n",
      });
      expect(part.message).to.contain('part.ts:1:15: "dsage/model/errors.js" is no part of dsage');
    });

    it('for native addons, by their names', async () => {
      theirs.write({
        'node_modules/fast/package.json': '{ "name": "fast", "version": "1.0.0" }',
        'node_modules/fast/index.js': "module.exports = require('node-gyp-build')(__dirname);",
        'node_modules/node-gyp-build/package.json': '{ "name": "node-gyp-build", "version": "1.0.0" }',
        'node_modules/node-gyp-build/index.js': 'module.exports = () => ({});',
        'own.node': '',
      });
      mkdirSync(theirs.path('node_modules/fast/prebuilds'));
      const error = await refusal({ 'bad.ts': "import fast from 'fast';\nexport const x = fast;\n" });
      expect(error.code).to.equal('not-shippable');
      expect(error.message)
        .to.contain('fast is a native addon')
        .and.to.contain("static readonly module = 'my-package/job'");
      const own = await refusal({ 'own.ts': "import own from './own.node';\nexport const x = own;\n" });
      expect(own.message).to.contain('own.ts:1:17: own.node of theirs is a native addon');
    });

    it('over their limit, which names file, size, limit and the largest parts', async () => {
      const error = await refusal(
        {
          'bad.ts': "import data from './data.json';\nexport const x = data;\n",
          'data.json': JSON.stringify('d'.repeat(5000)),
        },
        { maxBytes: 4000 },
      );
      expect(error.code).to.equal('limit-exceeded');
      expect(error.message).to.match(
        /bad\.ts has [\d,]+ bytes; the limit is 4,000\..*data\.json \(5,\d\d\d\)/,
      );
    });

    it('when the file is not there', async () => {
      const url = pathToFileURL(join(theirs.folder, 'missing.ts')).href;
      const thrown = await bundleModule(url, { label: 'The class A' }).catch((error: unknown) => error);
      expect(thrown).to.have.property('code', 'not-shippable');
      expect((thrown as DsageError).message).to.contain(`there is no file ${theirs.path('missing.ts')}`);
    });
  });
});
