import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { expect } from 'chai';

import { finished } from '../support/cli.js';
import { makeTempDir, removeTempDirs } from '../support/temp-dir.js';
import { UserPackage } from '../support/user-package.js';

const file = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** What shows that each part of the program has given what its comment says. */
const LOOKS = `
console.log(JSON.stringify({
  result: job.result,
  status: job.status,
  squares: jobs.map((one) => one.result),
  done: factorJob.done,
  factors: factorJob.primeFactors.map(([prime, exponent]) => [String(prime), exponent]),
}));
await d.close();
`;
const LUCAS_LEHMER = `
function lucasLehmer(p: number): boolean {
  const m = 2n ** BigInt(p) - 1n;
  let s = 4n;
  for (let i = 2; i < p; i++) s = (s * s - 2n) % m;
  return s === 0n;
}
`;
const SEARCH = `import { dsage } from 'dsage';
import { MersenneSearch } from './mersenne.js';
const d = await dsage.startAll({ port: 0, webPort: 0 });
const found = await d.start(new MersenneSearch({ limit: 700 })).wait();
console.log(found.sort((a, b) => a - b).join(' '));
await d.close();
`;

describe('what a person types, as the README and the design have it', function () {
  this.timeout(120_000);
  const readme = readFileSync(file('README.md'), 'utf8');

  after(() => removeTempDirs());

  function block(language: string): string {
    const [, text] = new RegExp(`^\`\`\`ts ${language}\\n([^]*?)^\`\`\`$`, 'm').exec(readme) ?? [];
    if (text === undefined) throw new Error(`the README has no block of ${language}`);
    return text;
  }

  async function run(files: Readonly<Record<string, string>>): Promise<string> {
    const theirs = new UserPackage(files);
    const tsx = import.meta.resolve('tsx');
    const child = spawn(process.execPath, ['--import', tsx, theirs.path('main.ts')], {
      env: { ...process.env, DSAGE_DIR: makeTempDir() },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const { stdout, stderr, code } = await finished(child);
    expect(code, stderr).to.equal(0);
    return stdout;
  }

  it('is the same in both', function () {
    const design = file('../shared/DESIGN.md');
    // It lies beside the repository where dsage is made, and nowhere else.
    if (!existsSync(design)) return;
    const text = readFileSync(design, 'utf8');
    for (const name of ['design', 'design/mersenne.ts']) expect(text).to.include(block(name));
  });

  it('gives what its comments say', async () => {
    const program = block('design')
      // The usual ports may be in use by another test.
      .replace('startAll()', 'startAll({ port: 0, webPort: 0 })')
      .replace('…', 'console.log(`${input.join(" + ")} = ${output.toFraction()}`);');
    const lines = (await run({ 'main.ts': program + LOOKS })).trimEnd().split('\n');
    const last = JSON.parse(lines.at(-1) ?? '') as object;
    expect(last).to.deep.equal({
      ...{ result: 4, status: 'completed', squares: [625, 144, 625, 1024, 144], done: true },
      factors: [
        ['1238926361552897', 1],
        ['93461639715357977769163558199606896584051237541638188580280321', 1],
      ],
    });
    expect(lines.slice(0, 5).sort()).to.deep.equal(['1024', '144', '144', '625', '625']);
    expect(lines.slice(5, -1).sort()).to.deep.equal(['1 + 2 = 3', '5 + 3.(3) = 25/3']);
  });

  it('is a class in a file of its own', async () => {
    const files = { 'main.ts': SEARCH, 'mersenne.ts': block('design/mersenne.ts') + LUCAS_LEHMER };
    expect(await run(files)).to.equal('3 5 7 13 17 19 31 61 89 107 127 521 607\n');
  });
});
