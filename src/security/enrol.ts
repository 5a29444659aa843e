import { X509Certificate } from 'node:crypto';
import { mkdirSync } from 'node:fs';

import { DsageError } from '../model/errors.js';
import { createFile, replaceFile } from './exclusive-files.js';
import { checkIssuedBy, checkPair, loadClientFiles } from './load.js';
import { clusterPaths } from './paths.js';
import { parseCertificates, parsePrivateKey, readTextIfThere } from './pem-files.js';
import { createCsr, createKey } from './pki.js';

export interface CertificateRequest {
  readonly csrPem: string;
  readonly keyPath: string;
  /** False when there was a key already: the request is for that one. */
  readonly madeKey: boolean;
}

/** Makes `dsage_key` where there is none, and a request to have it certified for a user. The key stays where it is. */
export async function requestCertificate(dir: string, name: string): Promise<CertificateRequest> {
  const { userKey } = clusterPaths(dir);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const madeKey = readTextIfThere(userKey) === undefined && createFile(userKey, await createKey(), 0o600);
  const key = parsePrivateKey(userKey, readTextIfThere(userKey) ?? '');
  const { csrPem } = await createCsr(name, key.pem);
  return { csrPem, keyPath: userKey, madeKey };
}

/**
 * Takes into use what an admin gave back: the user's certificate, followed by that of the cluster's CA. Throws
 * `setup`, and changes nothing, when they do not fit the key that is there.
 */
export function acceptCertificate(
  dir: string,
  text: string,
  file: string,
): { user: string; cluster: string } {
  const paths = clusterPaths(dir);
  const keyText = readTextIfThere(paths.userKey);
  if (keyText === undefined) {
    throw new DsageError('setup', `There is no key in ${dir} that this certificate could be for.`, {
      hint: 'Accept it where the request was made: with the same DSAGE_DIR.',
    });
  }
  if (readTextIfThere(paths.ca) !== undefined) {
    throw new DsageError('setup', `${dir} has a cluster of its own.`, {
      hint: 'Set DSAGE_DIR to another directory for the other cluster, in `dsage user request` already.',
    });
  }
  const certificates = parseCertificates(file, text);
  const ca = certificates.find(({ certificate }) => certificate.ca);
  const own = certificates.find(({ certificate }) => !certificate.ca);
  if (own === undefined || ca === undefined) {
    throw new DsageError('setup', `${file} does not hold a certificate and that of its CA.`, {
      hint: 'It must be the file that `dsage user add` wrote, unchanged.',
    });
  }
  checkPair(own, parsePrivateKey(paths.userKey, keyText).key, { certificate: file, key: paths.userKey });
  checkIssuedBy(own.certificate, new X509Certificate(ca.pem), file);
  replaceFile(paths.serverCertificate, ca.pem, 0o644);
  replaceFile(paths.userCertificate, own.pem, 0o644);
  const { identity, cluster } = loadClientFiles(dir);
  return { user: identity.name, cluster };
}
