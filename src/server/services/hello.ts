import { DsageError } from '../../model/errors.js';
import { PROTOCOL_VERSION } from '../../model/protocol.js';
import { packageVersion } from '../../wire/hello.js';
import type { Hello } from '../../wire/gen/dsage/v1/types.js';

/** Refuses a speaker of another protocol, naming both versions. */
export function checkHello(hello: Hello | undefined, who: 'client' | 'worker'): Hello {
  const theirs = hello ?? { protocolVersion: 0, packageVersion: '' };
  if (theirs.protocolVersion === PROTOCOL_VERSION) return theirs;
  const version = theirs.packageVersion === '' ? 'an unknown version' : theirs.packageVersion;
  throw new DsageError(
    'version-mismatch',
    `This server is dsage ${packageVersion()} (protocol ${String(PROTOCOL_VERSION)}); the ${who} is dsage ${version} (protocol ${String(theirs.protocolVersion)}).`,
    { hint: 'Install the same version of dsage on both sides.' },
  );
}
