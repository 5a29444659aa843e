import { X509Certificate } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, statSync } from 'node:fs';
import { isIP } from 'node:net';
import { basename } from 'node:path';

import { DsageError, messageOf } from '../model/errors.js';
import type { Identity } from '../model/user.js';
import { USER_NAME } from '../model/user.js';
import { createFile, replaceFile } from './exclusive-files.js';
import { currentUserName, localHosts } from './hosts.js';
import { identityOfCertificate } from './identity.js';
import { checkIssuedBy, checkPair, parseCa } from './load.js';
import type { ClusterPaths } from './paths.js';
import { clusterPaths } from './paths.js';
import type { CertificatePem } from './pem-files.js';
import { parseCertificates, parsePrivateKey, readTextIfThere } from './pem-files.js';
import { createCa, createKey, issueForKey } from './pki.js';
import type { KeyPairPem } from './pki.js';

const PRIVATE = 0o600;
const PUBLIC = 0o644;
const PRIVATE_DIR = 0o700;
/** A certificate is renewed when it is valid for less than this. */
const RENEW_BEFORE_MS = 30 * 86_400_000;
/** Old names of a host stay in its certificate, up to so many names. */
const MAX_HOSTS = 64;

export interface ClusterFilesOptions {
  /** The default user, an admin; unless told otherwise it is named after whoever runs this process. */
  readonly user?: string;
  /** Names and addresses of the server beside the ones that this machine knows of. */
  readonly hosts?: readonly string[];
}

export interface ClusterFiles {
  readonly paths: ClusterPaths;
  /** Names of the files that were made or renewed; empty when all was there. */
  readonly created: readonly string[];
  /** Whom the certificate in dsage_key.pub is for. */
  readonly user: Identity;
}

/**
 * Makes what is missing of a cluster's files in `dir`, and renews what is about to expire. It can be called
 * any number of times, also by several processes at once, and never overwrites a key. Throws `setup`,
 * naming the file and what to do, when something there is damaged or does not fit.
 */
export async function ensureClusterFiles(
  dir: string,
  options: ClusterFilesOptions = {},
): Promise<ClusterFiles> {
  const paths = clusterPaths(dir);
  const user = options.user ?? currentUserName();
  if (!USER_NAME.test(user)) {
    throw new DsageError('invalid-argument', `'${user}' cannot be the name of a user.`, {
      hint: 'Use letters, digits, dot, dash and underscore, at most 64, with a letter or digit first.',
    });
  }
  const created: string[] = [];
  try {
    makeDirectories(paths);
    const ca = await ensureCa(paths, created);
    await ensureServerCertificate(paths, ca, { hosts: options.hosts ?? [], created });
    const identity = await ensureUserCertificate(paths, ca, { user, created });
    return { paths, created, user: identity };
  } catch (error) {
    throw error instanceof DsageError ? error : notWritable(dir, error);
  }
}

function makeDirectories(paths: ClusterPaths): void {
  for (const dir of [paths.dir, paths.database, paths.blobs, paths.taskFiles]) {
    mkdirSync(dir, { recursive: true, mode: PRIVATE_DIR });
  }
}

async function ensureCa(paths: ClusterPaths, created: string[]): Promise<KeyPairPem> {
  const orphan = [paths.serverKey, paths.serverCertificate].find((path) => existsSync(path));
  if (orphan !== undefined && !existsSync(paths.ca)) {
    throw new DsageError('setup', `${paths.ca} is missing, but ${basename(orphan)} is there.`, {
      hint:
        'If these are files of a cluster whose server is elsewhere, there is nothing to set up: connect to it. ' +
        'Else restore cacert.pem from a backup, or set DSAGE_DIR to a new directory for a new cluster.',
    });
  }
  const text = await ensureFile(paths.ca, created, async () => {
    const { certificatePem, keyPem } = await createCa();
    return certificatePem + keyPem;
  });
  keepPrivate(paths.ca);
  return parseCa(paths.ca, text);
}

async function ensureServerCertificate(
  paths: ClusterPaths,
  ca: KeyPairPem,
  { hosts, created }: { readonly hosts: readonly string[]; readonly created: string[] },
): Promise<void> {
  const keyText = await ensureFile(paths.serverKey, created, createKey);
  keepPrivate(paths.serverKey);
  const key = parsePrivateKey(paths.serverKey, keyText);
  const wanted = [...new Set([...localHosts(), ...hosts])];
  const subject = { role: 'server', name: 'server' } as const;
  const issue = async (names: readonly string[]) =>
    (await issueForKey(ca, key.pem, { ...subject, hosts: names })) + ca.certificatePem;

  const text = await ensureFile(paths.serverCertificate, created, () => issue(wanted));
  const [current] = parseCertificates(paths.serverCertificate, text);
  if (current === undefined) return;
  const { certificate } = current;
  // A CA that was mixed up must not cut off all machines that trust the one in pubcert.pem.
  checkIssuedBy(certificate, new X509Certificate(ca.certificatePem), paths.serverCertificate);
  const fits =
    certificate.checkPrivateKey(key.key) &&
    !expiresSoon(certificate) &&
    wanted.every((host) => namesHost(certificate, host));
  if (fits) return;
  // Names that an earlier setup was given are kept, since only that call knew them.
  const names = [...new Set([...wanted, ...hostsOf(certificate)])].slice(
    0,
    Math.max(MAX_HOSTS, wanted.length),
  );
  replaceFile(paths.serverCertificate, await issue(names), PUBLIC);
  created.push(basename(paths.serverCertificate));
}

async function ensureUserCertificate(
  paths: ClusterPaths,
  ca: KeyPairPem,
  { user, created }: { readonly user: string; readonly created: string[] },
): Promise<Identity> {
  const keyText = await ensureFile(paths.userKey, created, createKey);
  keepPrivate(paths.userKey);
  const key = parsePrivateKey(paths.userKey, keyText);
  const text = await ensureFile(paths.userCertificate, created, () =>
    issueForKey(ca, key.pem, { role: 'admin', name: user }),
  );
  const [current] = parseCertificates(paths.userCertificate, text);
  const identity = checkUserCertificate(paths, current, { key: key.key, ca });
  if (current === undefined || !expiresSoon(current.certificate)) return identity;
  const { role, name } = identity;
  const renewed = await issueForKey(ca, key.pem, { role, name });
  replaceFile(paths.userCertificate, renewed, PUBLIC);
  created.push(basename(paths.userCertificate));
  return identityOfCertificate(new X509Certificate(renewed)) ?? identity;
}

function checkUserCertificate(
  paths: ClusterPaths,
  current: CertificatePem | undefined,
  { key, ca }: { readonly key: ReturnType<typeof parsePrivateKey>['key']; readonly ca: KeyPairPem },
): Identity {
  const identity = current === undefined ? undefined : identityOfCertificate(current.certificate);
  if (current === undefined || identity === undefined) {
    throw new DsageError('setup', `The certificate in ${paths.userCertificate} does not say whose it is.`, {
      hint: 'Move it away and run `dsage setup` again: a new one is made for the key.',
    });
  }
  checkPair(current, key, { certificate: paths.userCertificate, key: paths.userKey });
  checkIssuedBy(current.certificate, new X509Certificate(ca.certificatePem), paths.userCertificate);
  return identity;
}

/** The text of a file, which is made first when it is missing. Two processes that make it agree on one. */
async function ensureFile(path: string, created: string[], make: () => Promise<string>): Promise<string> {
  const present = readTextIfThere(path);
  if (present !== undefined) return present;
  const text = await make();
  const mode = path.endsWith('pubcert.pem') || path.endsWith('.pub') ? PUBLIC : PRIVATE;
  if (createFile(path, text, mode)) {
    created.push(basename(path));
    return text;
  }
  return readTextIfThere(path) ?? text;
}

/** As ssh does, but put right instead of complained about: a copy may have lost the mode. */
function keepPrivate(path: string): void {
  if (process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0) chmodSync(path, PRIVATE);
}

function expiresSoon(certificate: X509Certificate): boolean {
  return Date.parse(certificate.validTo) - Date.now() < RENEW_BEFORE_MS;
}

function namesHost(certificate: X509Certificate, host: string): boolean {
  const found =
    isIP(host) === 0 ? certificate.checkHost(host, { subject: 'never' }) : certificate.checkIP(host);
  return found !== undefined;
}

function hostsOf(certificate: X509Certificate): string[] {
  const names = (certificate.subjectAltName ?? '').split(', ');
  return names
    .map((name) => /^(?:DNS|IP Address):(.+)$/.exec(name)?.[1]?.toLowerCase())
    .filter((name) => name !== undefined);
}

function notWritable(dir: string, cause: unknown): DsageError {
  return new DsageError('setup', `The files of a cluster cannot be made in ${dir}: ${messageOf(cause)}.`, {
    hint: 'Set DSAGE_DIR to a directory that you may write to, on a disk with free space.',
    cause,
  });
}
