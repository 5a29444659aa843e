import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect } from 'chai';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string) => readFileSync(join(root, path), 'utf8');

describe('the documents', () => {
  const architecture = read('docs/ARCHITECTURE.md');
  const readme = read('README.md');

  it('name only files that exist', () => {
    const named = [architecture, readme].flatMap((text) =>
      [...text.matchAll(/`((?:src|test|proto|docs|scripts)\/[\w./-]+)`/g)].map(([, path = '']) => path),
    );
    expect(named.length).to.be.above(30);
    expect(named.filter((path) => !existsSync(join(root, path)))).to.deep.equal([]);
  });

  it('name only tests that exist', () => {
    const named = [...architecture.matchAll(/`(test\/[\w./-]+)`: "([^"]+)"/g)];
    expect(named.length).to.be.above(8);
    for (const [, path = '', title = ''] of named) expect(read(path), path).to.contain(title);
  });

  it('have every event of the server in the table, and every write and send', () => {
    const [, table = ''] = architecture.split('## States and transitions');
    for (const file of ['events', 'writes', 'effects']) {
      const types = [...read(`src/server/core/${file}.ts`).matchAll(/type: '([a-z-]+)'/g)].map(
        ([, type = '']) => type,
      );
      expect(types.length, file).to.be.above(8);
      for (const type of types) expect(table, `${type} of ${file}.ts`).to.contain(`\`${type}\``);
    }
  });

  it('have every table of the store', () => {
    const [, section = ''] = architecture.split('## Keys in the store');
    const [, list = ''] =
      /const TABLE_NAMES = \[([^]*?)\] as const/.exec(read('src/server/store/lmdb/tables.ts')) ?? [];
    const names = [...list.matchAll(/^ {2}'([a-z_]+)'/gm)].map(([, name = '']) => name);
    expect(names.length).to.be.above(10);
    for (const name of names) expect(section).to.contain(`| \`${name}\` |`);
  });

  it('have the exit codes of the program', async () => {
    const { EXIT } = await import('#dsage/cli/exit-codes.js');
    const codes = [...readme.matchAll(/^\| (\d+) +\| /gm)]
      .map(([, code]) => Number(code))
      .filter((code) => code <= 130);
    expect(codes).to.deep.equal(Object.values(EXIT));
  });
});
