// npm run proto:breaking: fails when proto/ here cannot talk to what is committed on main.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { isMain, root, run, runMain, ScriptError } from './support.mjs';

const archive = join(root, '.cache', 'main-proto.tar');

function main() {
  const reason = reasonToSkip();
  if (reason !== undefined) {
    console.log(`proto:breaking: skipped, ${reason}`);
    return;
  }
  // An archive rather than buf's own way into git, which does not understand linked work trees.
  mkdirSync(join(root, '.cache'), { recursive: true });
  if (!git('archive', '--output', archive, 'main', 'proto', 'buf.yaml').ok) {
    throw new ScriptError('proto:breaking: git archive failed');
  }
  if (!run('buf', ['breaking', '--against', archive]).ok) {
    throw new ScriptError('proto:breaking: proto/ is not compatible with main (see above)');
  }
}

/** @returns {string | undefined} */
function reasonToSkip() {
  if (git('rev-parse', '--is-shallow-repository').stdout.trim() !== 'false')
    return 'this is not a full clone';
  if (!git('rev-parse', '--verify', '--quiet', 'main').ok) return 'there is no branch main';
  const committed = git('ls-tree', '--name-only', 'main', 'proto', 'buf.yaml').stdout;
  if (committed.trim().split('\n').length < 2) return 'main has no proto yet';
  return undefined;
}

/** @param {string[]} args */
function git(...args) {
  return run('git', args, { quiet: true });
}

if (isMain(import.meta.url)) await runMain(main);
