import { expect } from 'chai';

import { asyncSourceOf, parseJavascript } from '#dsage/code/javascript.js';
import type { DsageError } from '#dsage/model/errors.js';

/** What the code of a job gives, run as the child runs it. */
async function run(code: string): Promise<unknown> {
  // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call
  const make = new Function(`return ${asyncSourceOf(code, ['given'])}`)() as (
    given: number,
  ) => () => Promise<unknown>;
  return make(7)();
}

function refusal(code: string): DsageError {
  try {
    parseJavascript(code);
  } catch (error) {
    return error as DsageError;
  }
  throw new Error('it was not refused');
}

describe('JavaScript code strings', () => {
  const cases: readonly (readonly [string, unknown])[] = [
    ['2+2', 4],
    ['2+2;', 4],
    ['(1, 2)', 2],
    ['given * 2 // twice', 14],
    ['const x = 1; x; const y = 2', 1],
    ['let i = 0; while (i < 3) { i++; i * 10 }', 30],
    ['do 5; while (false)', 5],
    ['try { missing } catch { "caught" } finally { "ignored"; }', 'caught'],
    ['switch (2) { case 1: "a"; break; case 2: "b"; break }', 'b'],
    ['if (given > 100) 1', undefined],
    ['{ 1; 2 }', 2],
    ['a: for (const x of [1, 2]) { x; continue a }', 2],
    ['`a\n;b`', 'a\n;b'],
    ['"use strict"; (function () { return this === undefined })()', true],
    ['#!/usr/bin/env node\n8', 8],
    ['await Promise.resolve(3)', 3],
    ['return 9', 9],
    ['const given = 1; given', 1],
    ['async function f() { return 4 }\nf()', 4],
    ['x = 5\n;[x][0]', 5],
    ['function f() {}', undefined],
  ];
  for (const [code, value] of cases) {
    it(`give the value of ${JSON.stringify(code)}`, async () => expect(await run(code)).to.deep.equal(value));
  }

  it('are refused with line, column and the line itself', () => {
    const error = refusal('const a = 1;\nlet b = a +* 2;\n');
    expect(error.code).to.equal('syntax-error');
    expect(error.message).to.equal(
      'Unexpected token at line 2, column 12:\n  let b = a +* 2;\n             ^',
    );
    expect(refusal('\tfoo(').message).to.contain('\n  \tfoo(\n  \t    ^');
    const long = refusal(`${'x + '.repeat(500)}*`);
    expect(long.message.length).to.be.below(300);
  });

  it('are refused with advice where one knows what was meant', () => {
    expect(refusal('import fs from "node:fs"').message).to.contain("await import('…')");
    expect(refusal('  \n').code).to.equal('invalid-argument');
  });
});
