import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect } from 'chai';

import { closeLog, createLog } from '#dsage/log/log.js';
import { readTail } from '#dsage/log/tail.js';
import { DsageError } from '#dsage/model/errors.js';

describe('log', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'dsage-log-'));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  it('writes one JSON object a line, with its fields, BigInts and errors', async () => {
    const file = join(directory, 'worker.log');
    const log = createLog({ file, level: 'info', console: false });
    log.info('attempt ended', { job: 1, task: 2, attempt: 3, size: 2n ** 70n });
    log.debug('not shown');
    log.error('broken', { error: new DsageError('store', 'the disk is full') });
    await closeLog(log);
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    const [first, second, ...rest] = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(rest).to.deep.equal([]);
    expect(first).to.include({ level: 'info', message: 'attempt ended', job: 1, task: 2, attempt: 3 });
    expect(first?.['timestamp']).to.match(/^\d{4}-\d\d-\d\dT/);
    expect(String(first?.['size'])).to.equal('1180591620717411303424');
    expect(second).to.include({
      level: 'error',
      message: 'broken',
      error: 'the disk is full',
      code: 'store',
    });
    expect(second?.['stack']).to.contain('log.test');
  });

  it('can be closed when it has no target', async () => {
    const log = createLog({ level: 'info', console: false });
    log.info('to nobody');
    await closeLog(log);
  });

  it('reads the last lines of a file, and only whole ones of a large one', async () => {
    const file = join(directory, 'some.log');
    expect(await readTail(file, 5)).to.deep.equal([]);
    writeFileSync(file, 'one\ntwo\nthree\n');
    expect(await readTail(file, 2)).to.deep.equal(['two', 'three']);
    expect(await readTail(file, 9)).to.deep.equal(['one', 'two', 'three']);
    expect(await readTail(file, 0)).to.deep.equal([]);
    appendFileSync(file, `${'x'.repeat(1024 * 1024)}\nlast\n`);
    expect(await readTail(file, 9)).to.deep.equal(['last']);
  });
});
