import { resolve } from 'node:path';

import type { BuildFailure, Message } from 'esbuild';

import { DsageError, messageOf } from '../../model/errors.js';
import { NAMESPACE } from './dsage-plugin.js';
import { NATIVE_ADDON } from './native-plugin.js';

const SHOWN = 3;

/** What esbuild found wrong, with files, lines and columns; `folder` is what its paths are relative to. */
export function buildProblem(
  thrown: unknown,
  what: { readonly label: string; readonly folder: string },
): DsageError {
  const { errors } = thrown as Partial<BuildFailure>;
  const { label, folder } = what;
  if (!Array.isArray(errors) || errors.length === 0) {
    return new DsageError('not-shippable', `${label} cannot be sent to a worker: ${messageOf(thrown)}.`, {
      cause: thrown,
    });
  }
  const shown = errors.slice(0, SHOWN).map((error) => textOf(error, folder));
  const more = errors.length > SHOWN ? [`and ${errors.length - SHOWN} more`] : [];
  const list = [...shown, ...more].join('; ');
  return new DsageError('not-shippable', `${label} cannot be sent to a worker: ${list}.`, {
    hint: hintFor(errors[0] as Message),
    cause: thrown,
  });
}

function textOf({ text, location, notes }: Message, folder: string): string {
  const place = location ?? notes.find((note) => note.location !== null)?.location;
  // Columns count from 0 there.
  const where = place ? `${resolve(folder, place.file)}:${place.line}:${place.column + 1}: ` : '';
  return `${where}${text.replaceAll(`${NAMESPACE}:`, '')}`;
}

function hintFor({ text, detail }: Message): string {
  if (detail === NATIVE_ADDON) {
    return (
      'Put the class into a package that is installed on the workers, and name it there: ' +
      "static readonly module = 'my-package/job'."
    );
  }
  if (text.startsWith('Could not resolve')) return 'Install it, or correct the import.';
  if (text.startsWith('No matching export')) return 'Correct the name, or import it from where it is.';
  if (text.startsWith('No loader is configured')) {
    return 'Read such a file where the job is made, and send its content in the parameters or the tasks.';
  }
  return 'Correct that line.';
}
