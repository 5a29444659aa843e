// @peculiar/x509 needs it, and first.
import 'reflect-metadata';

import { createHash, createPrivateKey, randomBytes, webcrypto, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';

import * as x509 from '@peculiar/x509';

import { DsageError, messageOf } from '../model/errors.js';
import type { Role } from '../model/user.js';
import { USER_NAME } from '../model/user.js';
import { identityUri } from './identity.js';

/**
 * The cluster's own certification authority (RFC 5280), ECDSA on P-256, without any program besides Node.
 * This module takes a tenth of a second to load: import it only where certificates are made.
 */

x509.cryptoProvider.set(webcrypto as never);

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 86_400_000;
/** Machines' clocks differ a little. */
const BACKDATE_MS = 300_000;
const CA_DAYS = 3650;
const SERVER_DAYS = 365;
const USER_DAYS = 1826;

/** A certificate and its private key, as PEM that ends with a newline. */
export interface KeyPairPem {
  readonly certificatePem: string;
  readonly keyPem: string;
}

/** What a certificate says. */
export interface Subject {
  readonly role: Role;
  /** Fits USER_NAME. */
  readonly name: string;
  /** Host names and addresses that a server answers at. */
  readonly hosts?: readonly string[];
  /** How long it is valid; never longer than the CA itself. */
  readonly days?: number;
}

/** A new certification authority. Its name is random, so that two clusters never look like one. */
export async function createCa(options: { readonly days?: number } = {}): Promise<KeyPairPem> {
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerial(),
    name: [{ CN: utf8(`dsage cluster ${randomBytes(4).toString('hex')}`) }, { O: ['dsage'] }],
    notBefore: new Date(Date.now() - BACKDATE_MS),
    notAfter: new Date(Date.now() + (options.days ?? CA_DAYS) * DAY_MS),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificatePem: pemOf(certificate), keyPem: await pemOfKey(keys.privateKey) };
}

/** A new private key (PKCS#8) as PEM. */
export async function createKey(): Promise<string> {
  return pemOfKey((await newKeys()).privateKey);
}

/** A new key with a certificate for it. */
export async function issue(ca: KeyPairPem, subject: Subject): Promise<KeyPairPem> {
  const keyPem = await createKey();
  return { certificatePem: await issueForKey(ca, keyPem, subject), keyPem };
}

/** A certificate for a private key that exists already. */
export async function issueForKey(ca: KeyPairPem, keyPem: string, subject: Subject): Promise<string> {
  const { publicKey } = await importKeys(keyPem);
  return sign(ca, publicKey, subject);
}

/** A request for a certificate (PKCS#10). The key stays with its owner; only the request travels. */
export async function createCsr(name: string, keyPem?: string): Promise<{ csrPem: string; keyPem: string }> {
  const ownKeyPem = keyPem ?? (await createKey());
  const csr = await x509.Pkcs10CertificateRequestGenerator.create({
    name: [{ CN: utf8(name) }],
    keys: await importKeys(ownKeyPem),
    signingAlgorithm: ALGORITHM,
  });
  return { csrPem: `${csr.toString('pem')}\n`, keyPem: ownKeyPem };
}

/**
 * The certificate that answers a request. What it says comes from `subject` alone, never from the request.
 * Throws `invalid-argument` when the request is damaged or was not made by the holder of its key.
 */
export async function signCsr(ca: KeyPairPem, csrPem: string, subject: Subject): Promise<string> {
  const hint = 'Make a new one, and pass the file as it is.';
  let csr: x509.Pkcs10CertificateRequest;
  let valid: boolean;
  try {
    csr = new x509.Pkcs10CertificateRequest(csrPem);
    valid = await csr.verify();
  } catch (error) {
    throw new DsageError('invalid-argument', `The certificate request cannot be read: ${messageOf(error)}.`, {
      hint,
      cause: error,
    });
  }
  if (!valid) {
    throw new DsageError('invalid-argument', 'The certificate request is not signed by the key it names.', {
      hint,
    });
  }
  return sign(ca, csr.publicKey, subject);
}

/** SHA-256 of a certificate's public key (SubjectPublicKeyInfo), base64url: what a join token pins. */
export function spkiHash(certificate: string | Uint8Array): string {
  const { publicKey } = new X509Certificate(certificate);
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64url');
}

async function sign(
  ca: KeyPairPem,
  publicKey: webcrypto.CryptoKey | x509.PublicKey,
  subject: Subject,
): Promise<string> {
  if (!USER_NAME.test(subject.name)) {
    throw new DsageError('invalid-argument', `'${subject.name}' cannot be the name in a certificate.`, {
      hint: 'Use letters, digits, dot, dash and underscore, at most 64, with a letter or digit first.',
    });
  }
  const issuer = new x509.X509Certificate(ca.certificatePem);
  const isServer = subject.role === 'server';
  const days = subject.days ?? (isServer ? SERVER_DAYS : USER_DAYS);
  const purpose = isServer ? x509.ExtendedKeyUsage.serverAuth : x509.ExtendedKeyUsage.clientAuth;
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: newSerial(),
    subject: [{ CN: utf8(subject.name) }, { OU: [subject.role] }, { O: ['dsage'] }],
    issuer: issuer.subject,
    notBefore: new Date(Date.now() - BACKDATE_MS),
    notAfter: new Date(Math.min(Date.now() + days * DAY_MS, issuer.notAfter.getTime())),
    signingAlgorithm: ALGORITHM,
    publicKey,
    signingKey: (await importKeys(ca.keyPem)).privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([purpose]),
      new x509.SubjectAlternativeNameExtension(alternativeNames(subject)),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
    ],
  });
  return pemOf(certificate);
}

function alternativeNames(subject: Subject): x509.JsonGeneralName[] {
  const uri = { type: 'url' as const, value: identityUri(subject.role, subject.name) };
  const hosts = (subject.hosts ?? []).map((host) => ({
    type: isIP(host) === 0 ? ('dns' as const) : ('ip' as const),
    value: host,
  }));
  return [uri, ...hosts];
}

/** RFC 5280: positive, at most 20 octets, unpredictable. */
function newSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}

/**
 * A name as a typed value: the library parses bare strings once more, so that `x"alice"` would become
 * `alice` and `#…` raw DER. Its types do not know the form that its code takes.
 */
function utf8(text: string): string[] {
  return [{ utf8String: text }] as unknown as string[];
}

async function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

/** Both keys of a private one. Throws `setup` when it is not an EC key on P-256. */
async function importKeys(keyPem: string): Promise<webcrypto.CryptoKeyPair> {
  try {
    const jwk = createPrivateKey(keyPem).export({ format: 'jwk' });
    if (jwk.crv !== 'P-256') throw new Error(`it is of type ${jwk.crv ?? jwk.kty ?? 'unknown'}`);
    const { d, ...publicPart } = jwk;
    const { subtle } = webcrypto;
    return {
      privateKey: await subtle.importKey(
        'jwk',
        { ...publicPart, d } as webcrypto.JsonWebKey,
        ALGORITHM,
        true,
        ['sign'],
      ),
      publicKey: await subtle.importKey('jwk', publicPart, ALGORITHM, true, ['verify']),
    };
  } catch (error) {
    throw new DsageError('setup', `A private key is not an EC key on P-256: ${messageOf(error)}.`, {
      cause: error,
    });
  }
}

/** The library's PEM ends without a newline, and joined PEMs would break. */
function pemOf(certificate: x509.X509Certificate): string {
  return `${certificate.toString('pem')}\n`;
}

async function pemOfKey(key: webcrypto.CryptoKey): Promise<string> {
  return `${x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')}\n`;
}
