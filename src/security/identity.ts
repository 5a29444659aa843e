import { X509Certificate } from 'node:crypto';

import { ROLES, USER_NAME } from '../model/user.js';
import type { Identity, Role } from '../model/user.js';

/** Certificates of a few thousand workers and clients are remembered; then the oldest is forgotten. */
const MAX_REMEMBERED = 4096;
const remembered = new Map<string, Identity | undefined>();

/** The URI among a certificate's subject alternative names that says who its holder is. */
export function identityUri(role: Role, name: string): string {
  return `dsage://${role}/${encodeURIComponent(name)}`;
}

/**
 * Who a certificate says its holder is; undefined when it is not one of dsage's. Reads only: that the
 * cluster's CA signed it, and that it has not run out, was checked by the TLS handshake it came from.
 *
 * @param rawDer the certificate as DER, such as `getPeerCertificate().raw`
 */
export function identityOf(rawDer: Uint8Array): Identity | undefined {
  // Parsing takes as long as a short call does, and the same few certificates come again and again.
  const key = Buffer.from(rawDer.buffer, rawDer.byteOffset, rawDer.length).toString('latin1');
  if (remembered.has(key)) return remembered.get(key);
  const identity = parseIdentity(rawDer);
  const oldest = remembered.keys().next();
  if (remembered.size >= MAX_REMEMBERED && oldest.done !== true) remembered.delete(oldest.value);
  remembered.set(key, identity);
  return identity;
}

/** Who a certificate that was read already says its holder is. */
export function identityOfCertificate(certificate: X509Certificate): Identity | undefined {
  const names = (certificate.subjectAltName ?? '').split(', ');
  const uris = names.filter((name) => name.startsWith('URI:dsage://'));
  const match = /^URI:dsage:\/\/([a-z]+)\/([^/]+)$/.exec(uris[0] ?? '');
  const [, role, encodedName] = match ?? [];
  if (uris.length !== 1 || encodedName === undefined || !isRole(role)) return undefined;
  const name = decodeName(encodedName);
  if (name === undefined || !USER_NAME.test(name)) return undefined;
  return { role, name, serial: certificate.serialNumber.toLowerCase() };
}

function parseIdentity(rawDer: Uint8Array): Identity | undefined {
  try {
    return identityOfCertificate(new X509Certificate(rawDer));
  } catch {
    return undefined;
  }
}

function isRole(text: string | undefined): text is Role {
  return text !== undefined && (ROLES as readonly string[]).includes(text);
}

function decodeName(encoded: string): string | undefined {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
}
