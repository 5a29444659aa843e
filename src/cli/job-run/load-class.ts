import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import type { AnyJob } from '../../client/runs.js';
import { bundleModule } from '../../code/bundle/bundle.js';
import { offerRuntime } from '../../evaluators/runtime.js';
import { DistributedJob } from '../../jobs/distributed-job.js';
import { homeOf, isJobClass, setHome } from '../../jobs/job-class.js';
import type { JobClass } from '../../jobs/job-class.js';
import { DsageError } from '../../model/errors.js';
import { thrownText } from './thrown-text.js';

const EXTENSIONS = ['.ts', '.mts', '.js', '.mjs'];

/**
 * The job class that a file exports, loaded from the same bundle as workers load it from: Node 20 imports no
 * TypeScript. What travels is the bundle of the file itself, and stacks name its own lines.
 *
 * Throws `invalid-argument` for what is no such file, or has no such class or several; `not-shippable` when it cannot
 * be bundled, with file, line and column, or the class does not say where it is.
 *
 * @param wanted the name of the class; needed where the file exports several
 */
export async function loadJobClass(file: string, wanted?: string): Promise<JobClass<AnyJob>> {
  const path = resolve(file);
  checkFile(file, path);
  const url = pathToFileURL(path).href;
  const { bytes } = await bundleModule(url, { label: `The file ${file}` });
  const { names, copy } = await importCopy(bytes, file);
  const Class = choose(file, names, wanted);
  if (homeOf(Class) === copy) setHome(Class, url);
  return Class as JobClass<AnyJob>;
}

function checkFile(file: string, path: string): void {
  if (!EXTENSIONS.includes(extname(path))) {
    throw new DsageError('invalid-argument', `'${file}' is no file of JavaScript or TypeScript modules.`, {
      hint: `Its name must end in ${EXTENSIONS.join(', ')}.`,
    });
  }
  if (statSync(path, { throwIfNoEntry: false })?.isFile() === true) return;
  throw new DsageError('invalid-argument', `There is no file ${path}.`, {
    hint: 'Name the file that exports the job class.',
  });
}

interface Loaded {
  readonly names: Readonly<Record<string, unknown>>;
  /** What `import.meta.url` is in the bundle. */
  readonly copy: string;
}

async function importCopy(bytes: Uint8Array, file: string): Promise<Loaded> {
  const folder = await mkdtemp(join(tmpdir(), 'dsage-run-'));
  const path = join(folder, 'bundle.mjs');
  const copy = pathToFileURL(path).href;
  offerRuntime();
  process.setSourceMapsEnabled(true);
  try {
    await writeFile(path, bytes, { mode: 0o600 });
    return { names: (await import(copy)) as Loaded['names'], copy };
  } catch (error) {
    throw new DsageError('invalid-argument', `${file} threw when it was loaded: ${thrownText(error)}`, {
      cause: error,
      ...(error instanceof DsageError && error.hint !== undefined ? { hint: error.hint } : {}),
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function choose(file: string, names: Loaded['names'], wanted: string | undefined): JobClass {
  const all = Object.entries(names).flatMap(([name, value]) =>
    isJobClass(value) && value !== (DistributedJob as unknown) ? [{ name, Class: value }] : [],
  );
  const classes = new Set(all.map(({ Class }) => Class));
  const list = [...classes].map(({ name }) => name).join(', ');
  if (classes.size === 0) {
    const exports = Object.keys(names).join(', ');
    throw new DsageError('invalid-argument', `${file} exports no class that extends DistributedJob.`, {
      hint: exports === '' ? 'It exports nothing: write export before the class.' : `It exports ${exports}.`,
    });
  }
  if (wanted !== undefined) {
    const found = all.find(({ name, Class }) => name === wanted || Class.name === wanted);
    if (found !== undefined) return found.Class;
    throw new DsageError('invalid-argument', `${file} exports no job class ${wanted}.`, {
      hint: `It exports ${list}.`,
    });
  }
  const [only] = classes;
  if (classes.size === 1 && only !== undefined) return only;
  throw new DsageError('invalid-argument', `${file} exports ${String(classes.size)} job classes: ${list}.`, {
    hint: `Say which: --class ${[...classes][0]?.name ?? ''}.`,
  });
}
