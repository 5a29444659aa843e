import type { KeyObject, X509Certificate } from 'node:crypto';

import { DsageError } from '../model/errors.js';
import type { Identity } from '../model/user.js';
import { identityOfCertificate } from './identity.js';
import { clusterPaths } from './paths.js';
import type { CertificatePem } from './pem-files.js';
import { parseCertificates, parsePrivateKey, readTextIfThere } from './pem-files.js';

const RENEW = 'Run `dsage setup` on the machine of the server: it renews what has run out.';
const NEW_CLUSTER =
  "A CA is not renewed: set DSAGE_DIR to a new directory for a new cluster, or this machine's clock right.";

/** What one side of a mutual-TLS connection needs. */
export interface TlsFiles {
  /** The certificate of the cluster's CA. */
  readonly caPem: string;
  /** What is shown to the other side; a server's is followed by the CA's. */
  readonly certificatePem: string;
  readonly keyPem: string;
  readonly identity: Identity;
  /** The CA's name: equal on all machines of a cluster. */
  readonly cluster: string;
  readonly expiresAtMs: number;
}

/**
 * The user's key and certificate, and the CA to trust: `dsage_key`, `dsage_key.pub` and `pubcert.pem`, which
 * is all that a second machine needs. Throws `setup`, naming the file and what to do, when one is missing or
 * damaged, has expired, or does not fit the others.
 */
export function loadClientFiles(dir: string): TlsFiles {
  const paths = clusterPaths(dir);
  const hint =
    'Run `dsage setup`, or copy dsage_key, dsage_key.pub and pubcert.pem from a machine of the cluster.';
  const keyText = readRequired(paths.userKey, hint);
  const certificateText = readRequired(paths.userCertificate, hint);
  const ca = findCa(paths.serverCertificate, readRequired(paths.serverCertificate, hint));
  const own = firstCertificate(paths.userCertificate, certificateText);
  const key = parsePrivateKey(paths.userKey, keyText);
  checkPair(own, key.key, { certificate: paths.userCertificate, key: paths.userKey });
  checkIssuedBy(own.certificate, ca.certificate, paths.userCertificate);
  checkDates(own.certificate, paths.userCertificate);
  return filesOf(ca, own, { keyPem: key.pem, certificatePem: own.pem, path: paths.userCertificate });
}

/** The server's key and certificate, and its CA's. Throws as `loadClientFiles` does. */
export function loadServerFiles(dir: string): TlsFiles {
  const paths = clusterPaths(dir);
  const hint = 'Run `dsage setup` on this machine first.';
  const keyText = readRequired(paths.serverKey, hint);
  const certificateText = readRequired(paths.serverCertificate, hint);
  const ca = findCa(paths.serverCertificate, certificateText);
  const own = firstCertificate(paths.serverCertificate, certificateText);
  const key = parsePrivateKey(paths.serverKey, keyText);
  checkPair(own, key.key, { certificate: paths.serverCertificate, key: paths.serverKey });
  checkIssuedBy(own.certificate, ca.certificate, paths.serverCertificate);
  checkDates(own.certificate, paths.serverCertificate);
  return filesOf(ca, own, {
    keyPem: key.pem,
    certificatePem: own.pem + ca.pem,
    path: paths.serverCertificate,
  });
}

/** The CA with its private key, to sign requests with. Only the machine of `dsage setup` has it. */
export function loadCa(dir: string): { readonly certificatePem: string; readonly keyPem: string } {
  const paths = clusterPaths(dir);
  const text = readRequired(paths.ca, 'Only the machine that `dsage setup` ran on has it.');
  return parseCa(paths.ca, text);
}

/** The CA from the text of `cacert.pem`. Throws `setup` when it is damaged, expired or not a CA. */
export function parseCa(
  path: string,
  text: string,
): { readonly certificatePem: string; readonly keyPem: string } {
  const ca = findCa(path, text);
  const key = parsePrivateKey(path, text);
  checkPair(ca, key.key, { certificate: path, key: path });
  checkDates(ca.certificate, path, NEW_CLUSTER);
  return { certificatePem: ca.pem, keyPem: key.pem };
}

/** Throws `setup` unless the key is the certificate's. */
export function checkPair(
  { certificate }: CertificatePem,
  key: KeyObject,
  paths: { readonly certificate: string; readonly key: string },
): void {
  if (certificate.checkPrivateKey(key)) return;
  const where = paths.key === paths.certificate ? '' : ` ${paths.key}`;
  throw new DsageError(
    'setup',
    `${paths.certificate} is not the certificate of the key in${where || ' it'}.`,
    {
      hint: 'They come in pairs: copy both again, or move the certificate away and run `dsage setup`.',
    },
  );
}

/** Throws `setup` unless this CA signed the certificate. */
export function checkIssuedBy(certificate: X509Certificate, ca: X509Certificate, path: string): void {
  if (certificate.checkIssued(ca) && certificate.verify(ca.publicKey)) return;
  throw new DsageError('setup', `${path} is a certificate of another cluster.`, {
    hint: 'All files of a DSAGE_DIR come from one and the same cluster: put back the one that does not fit, or use another DSAGE_DIR.',
  });
}

function checkDates(certificate: X509Certificate, path: string, hint = RENEW): void {
  const now = Date.now();
  if (now > Date.parse(certificate.validTo)) {
    throw new DsageError('setup', `The certificate in ${path} expired on ${certificate.validTo}.`, {
      hint,
    });
  }
  if (now < Date.parse(certificate.validFrom)) {
    throw new DsageError(
      'setup',
      `The certificate in ${path} is valid from ${certificate.validFrom} on only.`,
      {
        hint: "Set this machine's clock right.",
      },
    );
  }
}

function readRequired(path: string, hint: string): string {
  const text = readTextIfThere(path);
  if (text === undefined) throw new DsageError('setup', `${path} is missing.`, { hint });
  return text;
}

function firstCertificate(path: string, text: string): CertificatePem {
  const [first] = parseCertificates(path, text);
  if (first === undefined) throw new DsageError('setup', `${path} holds no certificate.`);
  return first;
}

function findCa(path: string, text: string): CertificatePem {
  const ca = parseCertificates(path, text).find(({ certificate }) => certificate.ca);
  if (ca !== undefined) return ca;
  throw new DsageError('setup', `${path} does not hold the certificate of the cluster's CA.`, {
    hint: 'Copy pubcert.pem from the machine of the server again.',
  });
}

function filesOf(
  ca: CertificatePem,
  own: CertificatePem,
  rest: { readonly keyPem: string; readonly certificatePem: string; readonly path: string },
): TlsFiles {
  const identity = identityOfCertificate(own.certificate);
  if (identity === undefined) {
    throw new DsageError('setup', `The certificate in ${rest.path} does not say whose it is.`, {
      hint: 'It was not made by dsage: move it away and run `dsage setup`.',
    });
  }
  return {
    caPem: ca.pem,
    certificatePem: rest.certificatePem,
    keyPem: rest.keyPem,
    identity,
    cluster: clusterName(ca.certificate),
    expiresAtMs: Date.parse(own.certificate.validTo),
  };
}

function clusterName(ca: X509Certificate): string {
  return /^CN=(?:dsage cluster )?(.+)$/m.exec(ca.subject)?.[1] ?? ca.fingerprint256;
}
