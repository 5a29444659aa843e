// Makes a checkout ready: installs the packages and builds, each only when something changed. Every npm
// script starts with it, so that a clean clone needs nothing but Node and npm. Says nothing when there is
// nothing to do. With --install-only it does not build.

import { existsSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { build, builtAt, sourcesChangedAt } from './build.mjs';
import { changedAt, isMain, root, run, runMain, ScriptError } from './support.mjs';

const installedLock = join(root, 'node_modules', '.package-lock.json');
const committedLock = join(root, 'package-lock.json');
const busyFile = join(root, '.cache', 'bootstrap.pid');
const busyTimeoutMs = 10 * 60_000;

/** @param {{ installOnly?: boolean }} [options] */
export async function bootstrap({ installOnly = false } = {}) {
  requireNode();
  const isReady = () => !mustInstall() && (installOnly || !mustBuild());
  if (isReady()) return;
  const release = await takeTurn();
  try {
    // Whoever had the turn before may have done it all.
    if (mustInstall()) install();
    if (!installOnly && mustBuild()) build();
  } finally {
    release();
  }
}

function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const ok = (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22;
  if (!ok) {
    throw new ScriptError(
      `dsage needs Node 20.19 or later, or 22.12 or later; this is ${process.versions.node}`,
    );
  }
}

function mustInstall() {
  return !existsSync(installedLock) || changedAt(committedLock) > changedAt(installedLock);
}

function mustBuild() {
  return sourcesChangedAt() > builtAt();
}

function install() {
  const command = existsSync(committedLock) ? 'ci' : 'install';
  console.log(`bootstrap: npm ${command}`);
  const { ok, output } = run('npm', [command, '--no-audit', '--no-fund'], { quiet: true });
  if (!ok) {
    // npm explains its options at length; what went wrong stands before that.
    const [reason] = output.split(/^npm error (?:Clean install a project|Usage:)$/m);
    const advice = output.includes('EUSAGE')
      ? 'run `npm run lock` and commit package-lock.json'
      : 'is the npm registry in reach?';
    throw new ScriptError(`${reason}\nbootstrap: npm ${command} failed (see above); ${advice}`);
  }
  // npm leaves this file alone when nothing had to change; its time must still show that we looked.
  utimesSync(installedLock, new Date(), new Date());
}

/**
 * Waits until no other bootstrap works in this checkout, and keeps others waiting until released.
 *
 * @returns {Promise<() => void>}
 */
async function takeTurn() {
  mkdirSync(join(root, '.cache'), { recursive: true });
  const givesUpAt = Date.now() + busyTimeoutMs;
  while (!tryToTakeTurn()) {
    if (Date.now() > givesUpAt) {
      throw new ScriptError(
        `bootstrap: another one has been at work for too long; if not, remove ${busyFile}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return () => {
    rmSync(busyFile, { force: true });
  };
}

function tryToTakeTurn() {
  try {
    writeFileSync(busyFile, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
    if (!isAlive(readBusyPid())) rmSync(busyFile, { force: true });
    return false;
  }
}

/** The process that has the turn; 0 when it has just given it up. */
function readBusyPid() {
  try {
    return Number(readFileSync(busyFile, 'utf8'));
  } catch {
    return 0;
  }
}

/** @param {number} pid 0 while its owner is still writing the file, which counts as alive */
function isAlive(pid) {
  if (pid === 0) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}

if (isMain(import.meta.url))
  await runMain(() => bootstrap({ installOnly: process.argv.includes('--install-only') }));
