import { readFileSync } from 'node:fs';

/** The version in dsage's package.json, two folders above this file's compiled form. */
export const PACKAGE_VERSION: string = readVersion();

function readVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}
