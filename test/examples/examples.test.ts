import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect } from 'chai';
import { PNG } from 'pngjs';

import { renderStrip } from '../../examples/ray-tracing/src/trace.js';
import { startCluster } from '../support/cluster.js';
import { ExamplePackage, packDsage } from '../support/example-package.js';
import { assertWellFormed } from '../support/markup.js';
import { removeTempDirs } from '../support/temp-dir.js';

const EXPONENTS = [2, 3, 5, 7, 13, 17, 19, 31, 61, 89, 107, 127, 521, 607];

describe('the examples, installed from the package that would be published', () => {
  let tarball: string;

  before(async () => {
    tarball = await packDsage();
  });

  after(() => {
    removeTempDirs();
  });

  const install = (name: string) => ExamplePackage.install(name, tarball);

  it('mersenne finds the exponents, on a cluster of its own and on one that is named', async () => {
    const example = await install('mersenne');
    expect(example.has('node_modules/dsage/dist/index.js')).to.equal(true);
    expect(example.has('node_modules/dsage/examples')).to.equal(false);

    const { stdout, stderr } = await example.start(['--limit', '700']);
    expect(stdout).to.contain(`2^p - 1 is prime for p = ${EXPONENTS.join(', ')}\n`);
    expect(stderr).to.match(/2\^607 - 1 is prime \(\d+ exponents tried/);
    expect(example.read('mersenne.txt').toString()).to.equal(`${EXPONENTS.join('\n')}\n`);
    expect(await example.leftovers()).to.deep.equal([]);

    const cluster = await startCluster({ workers: 1 });
    try {
      const there = { DSAGE_SERVER: cluster.address, DSAGE_DIR: cluster.directory };
      expect((await example.start(['--limit', '10'], there)).stdout).to.contain('p = 2, 3, 5, 7\n');
      const d = await cluster.connect();
      expect(await d.jobInfo(1)).to.include({ name: 'Mersenne primes', status: 'completed' });
    } finally {
      await cluster.stop();
    }
  });

  it('monte-carlo converges as theory says, and draws it', async () => {
    const example = await install('monte-carlo');
    const { stdout } = await example.start(['--samples', '10000', '--seeds', '16']);
    const rows = stdout.split('\n').filter((line) => /^ *\d/.test(line));
    const table = rows.map((line) => line.trim().split(/ +/).map(Number));
    expect(table.map(([samples]) => samples)).to.deep.equal([100, 316, 1000, 3162, 10_000]);
    for (const [samples = 0, mean = 0, rms = 0] of table) {
      const theory = Math.sqrt((Math.PI * (4 - Math.PI)) / samples);
      expect(Math.abs(mean - Math.PI)).to.be.below(theory);
      expect(rms).to.be.within(theory / 2, theory * 2);
    }
    const svg = example.read('convergence.svg').toString();
    assertWellFormed(svg);
    expect(svg).to.match(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" viewBox="0 0 900 560"/);
    expect(svg).not.to.contain('NaN').and.not.to.contain('undefined');
    expect(svg.match(/class="estimate"/g)).to.have.length(5 * 16);
    expect(svg.match(/class="rms"/g)).to.have.length(5);
    expect(await example.leftovers()).to.deep.equal([]);
  });

  it('ray-tracing stitches the picture that one worker alone would render', async () => {
    const example = await install('ray-tracing');
    const [width, height] = [96, 54];
    const size = ['--width', '96', '--height', '54'];
    await example.start([...size, '--strips', '7', '--samples', '1']);
    const picture = PNG.sync.read(example.read('scene.png'));
    expect(picture).to.include({ width, height });
    const whole = renderStrip({ width, height, strips: 1 }, { top: 0, bottom: height }, 1);
    expect(colorsOf(picture).equals(whole)).to.equal(true);
    expect(new Set(whole).size, 'shades').to.be.above(100);

    if (spawnSync('povray', ['--version']).error === undefined) {
      await example.start([...size, '--strips', '5', 'scene.pov']);
      const rendered = PNG.sync.read(example.read('scene.png'));
      expect(rendered).to.include({ width, height });
      const colors = colorsOf(rendered);
      for (let row = 0; row < height; row += 1) {
        const bytes = colors.subarray(row * width * 3, (row + 1) * width * 3);
        expect(Math.max(...bytes), `row ${row}`).to.be.above(50);
      }
    }
    expect(await example.leftovers()).to.deep.equal([]);
  });

  it('word-count counts its own texts, and those of a folder that is named', async () => {
    const example = await install('word-count');
    const { stdout } = await example.start(['--top', '3']);
    expect(stdout).to.match(
      /^ +125 {2}the\n +65 {2}and\n +61 {2}it\n1433 words, 409 different ones, in 3 files/m,
    );
    const words = example.read('words.csv').toString().split('\n');
    expect(words).to.have.length(1 + 409 + 1);
    expect(words).to.include.members(['word,count', 'the,125', "don't,2", 'lamp,4', 'piece,8']);

    const folder = join(example.folder, 'mine');
    mkdirSync(folder);
    writeFileSync(join(folder, 'a.txt'), 'Das Öl, das „Öl“ — and isn’t it OIL? 1 2 3');
    writeFileSync(join(folder, 'b.txt'), "oil; isn't, 'das'");
    writeFileSync(join(folder, 'c.txt'), '');
    writeFileSync(join(folder, 'd.md'), 'oil');
    await example.start(['mine']);
    expect(example.read('words.csv').toString()).to.equal(
      "word,count\ndas,3\nisn't,2\noil,2\nöl,2\nand,1\nit,1\n",
    );
    expect(await example.leftovers()).to.deep.equal([]);
  });
});

/** Red, green and blue of every pixel, row by row. */
function colorsOf({ data }: PNG): Buffer {
  return data.filter((_, place) => place % 4 !== 3) as Buffer;
}
