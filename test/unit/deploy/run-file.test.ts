import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect } from 'chai';

import {
  localAddress,
  removeRunFile,
  runningServer,
  webUrlOf,
  writeRunFile,
} from '#dsage/deploy/run-file.js';

import { makeTempDir, removeTempDirs } from '../../support/temp-dir.js';

const SERVER = { pid: process.pid, host: '127.0.0.1', port: 1234, webPort: 0, startedAtMs: 5 };

describe('the run file of a server', () => {
  after(removeTempDirs);

  it('says where the server is that runs, and nothing once it was removed', () => {
    const directory = makeTempDir();
    expect(runningServer(directory)).to.equal(undefined);
    writeRunFile(directory, SERVER);
    expect(runningServer(directory)).to.deep.equal(SERVER);
    removeRunFile(directory);
    removeRunFile(directory);
    expect(runningServer(directory)).to.equal(undefined);
  });

  it('of a process that is gone does not count', () => {
    const directory = makeTempDir();
    // Linux gives no process so high a number.
    writeRunFile(directory, { ...SERVER, pid: 2 ** 22 + 1 });
    expect(runningServer(directory)).to.equal(undefined);
  });

  for (const text of [
    '',
    '{',
    'null',
    '{"pid":1}',
    '{"pid":-1,"host":"x","port":1}',
    '{"pid":"1","host":"x","port":1}',
  ]) {
    it(`that says ${text === '' ? 'nothing' : text} does not count`, () => {
      const directory = makeTempDir();
      writeFileSync(join(directory, 'server.json'), text);
      expect(runningServer(directory)).to.equal(undefined);
    });
  }

  it('leads to the address on this machine', () => {
    expect(localAddress('0.0.0.0', 1)).to.equal('127.0.0.1:1');
    expect(localAddress('10.0.0.5', 1)).to.equal('10.0.0.5:1');
    expect(localAddress('fe80::1', 1)).to.equal('[fe80::1]:1');
    expect(webUrlOf({ webPort: 0 })).to.equal('');
  });
});
