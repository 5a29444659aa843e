import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect } from 'chai';

import { openWorkDirectory } from '#dsage/worker/work-directory.js';

describe('work directory', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'dsage-work-'));
  });
  afterEach(() => {
    rmSync(root, { recursive: true, force: true });
  });

  /** A directory as a worker leaves it that was killed. */
  function leave(instance: string, pid: string, ...names: string[]): string {
    const path = join(root, instance);
    for (const name of names) mkdirSync(join(path, name), { recursive: true });
    writeFileSync(join(path, 'pid'), pid);
    return path;
  }

  function deadPid(): string {
    return String(spawnSync(process.execPath, ['-e', '']).pid);
  }

  it('removes what dead workers left, but for the directories of failed attempts', () => {
    const dead = `${deadPid()} ${hostname()}\n`;
    const empty = leave('empty', dead, 'slot-0', 'cache');
    const failed = leave('failed', dead, 'slot-0', 'job-1-task-2-attempt-3');
    openWorkDirectory(root, 'mine');
    expect(existsSync(empty)).to.equal(false);
    expect(readdirSync(failed)).to.deep.equal(['job-1-task-2-attempt-3']);
  });

  it('leaves workers alone that live, that are elsewhere, and what is no worker at all', () => {
    const live = leave('live', `${String(process.ppid)} ${hostname()}\n`, 'slot-0');
    const elsewhere = leave('elsewhere', `${deadPid()} another-host\n`, 'slot-0');
    writeFileSync(join(root, 'a-file'), '');
    mkdirSync(join(root, 'other', 'things'), { recursive: true });
    openWorkDirectory(root, 'mine');
    for (const path of [live, elsewhere]) expect(readdirSync(path)).to.have.members(['pid', 'slot-0']);
    expect(existsSync(join(root, 'other', 'things'))).to.equal(true);
  });

  it('keeps the newest hundred directories of failed attempts', () => {
    const work = openWorkDirectory(root, 'mine');
    for (let index = 0; index < 105; index += 1) {
      const path = join(work.path, `job-1-task-${String(index)}-attempt-1`);
      mkdirSync(path);
      utimesSync(path, 1000 + index, 1000 + index);
    }
    work.trim();
    const left = readdirSync(work.path).filter((name) => name.startsWith('job-'));
    expect(left).to.have.length(100);
    expect(left).to.not.include('job-1-task-4-attempt-1');
    expect(left).to.include('job-1-task-5-attempt-1');
  });

  it('goes away at the end', () => {
    const work = openWorkDirectory(root, 'mine');
    mkdirSync(join(work.path, 'slot-0'));
    work.remove();
    expect(existsSync(work.path)).to.equal(false);
  });

  it('says which directory cannot be written to', () => {
    writeFileSync(join(root, 'taken'), '');
    expect(() => openWorkDirectory(join(root, 'taken'), 'mine'))
      .to.throw(join(root, 'taken', 'mine'))
      .with.property('code', 'setup');
  });
});
