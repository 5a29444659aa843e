// npm test: every suite, one mocha run each, so that nothing leaks from one into the next.
//
//   npm test                                     every suite
//   npm test -- unit cluster                     some suites
//   npm test -- test/unit/import-rules.test.ts   some files
//   npm test -- unit --grep lease --bail         what starts with a dash, and all after it, goes to mocha
//
// Each run's totals go to .cache/test-totals/<suite>.json; with --totals it prints their sum and runs nothing.

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

import { bootstrap } from './bootstrap.mjs';
import { filesBelow, isMain, root, run, runMain, ScriptError } from './support.mjs';

const testFolder = join(root, 'test');
const totalsFolder = join(root, '.cache', 'test-totals');

/** Quick suites first. A folder that is not named here runs last. */
const suiteOrder = ['unit', 'property', 'conformance', 'simulation', 'examples', 'browser', 'cluster'];

/** How long one test may take; a suite that is not named here keeps the limit of .mocharc.json. */
const timeoutsMs = new Map([
  ['property', 60_000],
  ['conformance', 60_000],
  ['simulation', 120_000],
  ['examples', 120_000],
  ['browser', 120_000],
  ['cluster', 180_000],
]);

/** @typedef {{ name: string, files: string[] }} Suite */

/** @param {string[]} args */
async function main(args) {
  if (args.includes('--totals')) {
    printTotals();
    return;
  }
  const firstFlag = args.findIndex((arg) => arg.startsWith('-'));
  const named = firstFlag === -1 ? args : args.slice(0, firstFlag);
  const mochaArgs = args.slice(named.length);

  await bootstrap();
  rmSync(totalsFolder, { recursive: true, force: true });
  const suites = chooseSuites(named);
  if (suites.length === 0) throw new ScriptError('test: there are no tests');
  // A failed suite does not keep the next one from running.
  const failed = suites.filter((suite) => !runSuite(suite, mochaArgs));
  if (suites.length > 1) printTotals();
  if (failed.length > 0)
    throw new ScriptError(`test: failed in ${failed.map(({ name }) => name).join(', ')}`);
}

/**
 * @param {string[]} named suites and files; none means every suite
 * @returns {Suite[]}
 */
function chooseSuites(named) {
  const all = allSuites();
  if (named.length === 0) return all;
  return named.reduce((/** @type {Suite[]} */ chosen, name) => {
    const suite = all.find((candidate) => candidate.name === name) ?? suiteOfFile(all, name);
    const sameSuite = chosen.find((candidate) => candidate.name === suite.name);
    if (sameSuite === undefined) return [...chosen, suite];
    sameSuite.files.push(...suite.files);
    return chosen;
  }, []);
}

/** @returns {Suite[]} the folders of test/ that hold tests, in the order in which they run */
function allSuites() {
  const place = (/** @type {string} */ name) => suiteOrder.indexOf(name) + 1 || suiteOrder.length + 1;
  return readdirSync(testFolder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'fixtures')
    .map(({ name }) => ({ name, files: filesBelow(join(testFolder, name)).filter(isTest) }))
    .filter(({ files }) => files.length > 0)
    .sort((a, b) => place(a.name) - place(b.name));
}

/**
 * The suite that a file belongs to, with only that file in it.
 *
 * @param {Suite[]} all
 * @param {string} path
 * @returns {Suite}
 */
function suiteOfFile(all, path) {
  const file = resolve(path);
  const suite = all.find(({ files }) => files.includes(file));
  if (suite === undefined) {
    const names = all.map(({ name }) => name).join(', ');
    throw new ScriptError(
      `test: ${path} is neither a test file nor one of the suites that have tests: ${names}`,
    );
  }
  return { name: suite.name, files: [file] };
}

/** @param {string} path */
function isTest(path) {
  return path.endsWith('.test.ts');
}

/**
 * @param {Suite} suite
 * @param {string[]} mochaArgs
 */
function runSuite({ name, files }, mochaArgs) {
  console.log(`\n${name}`);
  const timeoutMs = timeoutsMs.get(name);
  const args = [
    ...(timeoutMs === undefined ? [] : ['--timeout', String(timeoutMs)]),
    ...(process.env['CI'] === undefined ? [] : ['--forbid-only']),
    ...mochaArgs,
    ...files.map((file) => relative(root, file)),
  ];
  const path = join(totalsFolder, `${name}.json`);
  // A mocha that dies before its end leaves this behind: a crash must not look like an empty suite.
  mkdirSync(totalsFolder, { recursive: true });
  writeFileSync(path, JSON.stringify({ passes: 0, failures: 1, pending: 0 }));
  const { ok } = run('mocha', args, { env: { DSAGE_TEST_TOTALS: path } });
  return ok && readTotals(path).failures === 0;
}

/**
 * @param {string} path
 * @returns {{ passes: number, failures: number, pending: number }}
 */
function readTotals(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

/** Prints the sum over all suites, in the form that .ci/run ends with. */
function printTotals() {
  const totals = filesBelow(totalsFolder).map(readTotals);
  const sum = (/** @type {'passes' | 'failures' | 'pending'} */ key) =>
    totals.reduce((total, suite) => total + suite[key], 0);
  console.log(`${sum('passes')} passed, ${sum('failures')} failed, ${sum('pending')} skipped`);
}

if (isMain(import.meta.url)) await runMain(() => main(process.argv.slice(2)));
