import { readFileSync } from 'node:fs';

import { PROTOCOL_VERSION } from '../model/protocol.js';
import type { Hello } from './gen/dsage/v1/types.js';

let version: string | undefined;

/** The version in dsage's package.json, two folders above this file's compiled form. */
export function packageVersion(): string {
  if (version === undefined) {
    const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
    ({ version } = JSON.parse(text) as { version: string });
  }
  return version;
}

/** What this side says of itself at the start of every stream. */
export function ownHello(): Hello {
  return { protocolVersion: PROTOCOL_VERSION, packageVersion: packageVersion() };
}
