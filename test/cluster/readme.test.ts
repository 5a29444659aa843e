import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect } from 'chai';

import { stopAll } from '#dsage/deploy/stop-all.js';

import { finished, runDsage } from '../support/cli.js';
import { makeTempDir, removeTempDirs } from '../support/temp-dir.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

interface Block {
  readonly language: string;
  readonly text: string;
}

describe('the README', function () {
  this.timeout(120_000);
  const blocks = blocksOf(readFileSync(join(root, 'README.md'), 'utf8'));
  const scripts = blocks.filter(({ language }) => language === 'ts');
  // Inside the package, so that `import … from 'dsage'` finds it as it finds an installed one.
  let folder: string;

  before(() => {
    mkdirSync(join(root, '.cache'), { recursive: true });
    folder = mkdtempSync(join(root, '.cache', 'readme-'));
  });

  after(() => {
    rmSync(folder, { recursive: true, force: true });
    removeTempDirs();
  });

  it('has programs and command lines', () => {
    expect(scripts.length).to.be.at.least(2);
    expect(blocks.filter(({ language }) => language === 'sh').length).to.be.at.least(2);
  });

  for (const [place, { text }] of scripts.entries()) {
    it(`program ${place + 1} prints what its comments say`, async () => {
      const file = join(folder, `program-${place}.ts`);
      // The usual ports may be in use by another test.
      writeFileSync(file, text.replaceAll('startAll()', 'startAll({ port: 0, webPort: 0 })'));
      const { stdout, stderr, code } = await runScript(file);
      expect(code, stderr).to.equal(0);
      expect(withoutStacks(stdout)).to.equal(expectedOutput(text));
    });
  }

  it('the command lines work, in their order', async () => {
    const directory = makeTempDir();
    for (const { language, text } of blocks) {
      const [, name] = /^ts (\S+)$/.exec(language) ?? [];
      // Those in a folder belong to the test of the design's snippets.
      if (name !== undefined && !name.includes('/')) writeFileSync(join(folder, name), text);
    }
    try {
      for (const line of commandsOf(blocks, 'sh')) {
        const args = line[0] === 'up' ? [...line, '--port', '0', '--web-port', '0'] : line;
        const { code, stderr } = await runDsage(args, { directory, cwd: folder });
        expect(code, `dsage ${args.join(' ')}: ${stderr}`).to.equal(0);
      }
    } finally {
      await stopAll({ directory });
    }
  });

  it('a colleague gets in as it says', async () => {
    const directory = makeTempDir();
    const colleague = makeTempDir();
    const [request, add, accept, disable] = commandsOf(blocks, 'sh colleague');
    const run = async (args: readonly string[] | undefined, where: string) => {
      const { code, stderr } = await runDsage(args ?? [], { directory: where, cwd: colleague });
      return `${code ?? 'signal'} ${code === 0 ? '' : stderr}`.trim();
    };
    try {
      expect(await run(['up', '-d', '--port', '0', '--web-port', '0'], directory)).to.equal('0');
      const { stdout } = await runDsage(['status', '--json'], { directory });
      const { address } = JSON.parse(stdout) as { address: string };
      const ask = ['--server', address, 'jobs'];
      expect(await run(request, colleague)).to.equal('0');
      expect(await run(add, directory)).to.equal('0');
      expect(await run(accept, colleague)).to.equal('0');
      expect(await run(ask, colleague)).to.equal('0');
      expect(await run(disable, directory)).to.equal('0');
      expect(await run(ask, colleague)).to.match(/^4 .*disabled/);
    } finally {
      await stopAll({ directory });
    }
  });
});

function blocksOf(markdown: string): Block[] {
  return [...markdown.matchAll(/^```([^\n]+)\n([^]*?)^```$/gm)].map(([, language = '', text = '']) => ({
    language,
    text,
  }));
}

/** The arguments of every `npx dsage …` line, as a shell splits them. */
function commandsOf(blocks: readonly Block[], language: string): string[][] {
  const lines = blocks.filter((block) => block.language === language).flatMap(({ text }) => text.split('\n'));
  return lines
    .filter((line) => line.startsWith('npx dsage '))
    .map((line) => line.replace(/\s#.*$/, '').slice('npx dsage '.length))
    .map((line) => [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? ''));
}

function runScript(file: string) {
  const child = spawn(process.execPath, ['--import', 'tsx', file], {
    cwd: root,
    env: { ...process.env, DSAGE_DIR: makeTempDir() },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return finished(child);
}

/** What the comment behind each `console.log` says; `|` stands for the next line. */
function expectedOutput(program: string): string {
  const comments = program.split('\n').flatMap((line) => {
    const [, comment] = /console\.log\(.*\);.*\/\/ (.+)$/.exec(line) ?? [];
    return comment === undefined ? [] : comment.split(' | ');
  });
  return `${comments.join('\n')}\n`;
}

function withoutStacks(output: string): string {
  return output.replace(/\n {4}at .*/g, '').replace(/ \{\n.*\n\}/g, '');
}
