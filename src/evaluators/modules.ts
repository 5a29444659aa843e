import { fileURLToPath, pathToFileURL } from 'node:url';

import { locateInstalled } from '../code/installed.js';
import { manifestOf } from '../code/manifest.js';
import type { ModuleExport, ModuleHome } from '../code/module-home.js';
import { DsageError } from '../model/errors.js';
import type { ProgramFacts } from './evaluator.js';
import { offerRuntime } from './runtime.js';

/** The compiled folder of this dsage. */
const OWN_FOLDER = new URL('../', import.meta.url);

/** The names of a module, as it was imported; each module is loaded once in a child. */
type Names = Readonly<Record<string, unknown>>;

/**
 * The export of a module that came with the job or is installed here, or what its `default` has under that name, as
 * modules of the older form do. Throws `setup` when it is not there; what loading the module throws comes through.
 */
export async function loadExport(
  { home, export: name }: ModuleExport,
  facts: ProgramFacts,
): Promise<unknown> {
  const url = await urlOf(home, facts);
  // Only from here on: reading the maps of dsage's own files would cost every child 10 ms at its start.
  process.setSourceMapsEnabled(true);
  const names = (await import(url)) as Names;
  const inDefault = (names['default'] as Names | null | undefined)?.[name];
  const found = names[name] ?? inDefault ?? (home.kind === 'bundle' ? undefined : names['default']);
  if (found !== undefined) return found;
  throw new DsageError('setup', `${describe(home)} exports no ${name}.`, {
    hint: `It exports ${Object.keys(names).join(', ') || 'nothing'}.`,
  });
}

async function urlOf(home: ModuleHome, facts: ProgramFacts): Promise<string> {
  switch (home.kind) {
    case 'bundle':
      if (facts.bundle === undefined) {
        throw new DsageError('setup', `Job ${facts.job} came without the bundle that its program is in.`);
      }
      offerRuntime();
      return pathToFileURL(facts.bundle).href;
    case 'dsage':
      return ownModule(home, facts);
    case 'package':
      return installedModule(home, facts);
  }
}

function ownModule(home: ModuleHome & { kind: 'dsage' }, { worker }: ProgramFacts): string {
  const own = manifestOf(fileURLToPath(OWN_FOLDER))?.version ?? '';
  if (own !== home.version) {
    throw new DsageError(
      'setup',
      `The job was submitted with dsage ${home.version}, and worker ${worker} has dsage ${own}.`,
      { hint: 'Bring both to the same version.' },
    );
  }
  const { href } = new URL(home.path, OWN_FOLDER);
  if (href.startsWith(OWN_FOLDER.href)) return href;
  throw new DsageError('setup', `${home.path} is no file of dsage's.`);
}

async function installedModule(
  { specifier, version }: ModuleHome & { kind: 'package' },
  { worker, startDirectory }: ProgramFacts,
): Promise<string> {
  const found = await locateInstalled(specifier, startDirectory);
  const wanted = `${specifier}${version === '' ? '' : ` (version ${version})`}`;
  if (typeof found === 'string') {
    throw new DsageError(
      'setup',
      `${wanted} is not installed on worker ${worker}, which looks from ${startDirectory}: ${found}.`,
      { hint: 'Install it there, or let its class be sent: static readonly module = import.meta.url.' },
    );
  }
  if (found.version !== version) {
    throw new DsageError(
      'setup',
      `The job was submitted with ${wanted}, and worker ${worker} has version ${found.version}.`,
      { hint: 'Install the same version on both.' },
    );
  }
  return found.url;
}

function describe(home: ModuleHome): string {
  if (home.kind === 'bundle') return 'The bundle of the job';
  return home.kind === 'dsage' ? `${home.path} of dsage` : home.specifier;
}
