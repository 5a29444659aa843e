import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { DsageError, messageOf } from '../model/errors.js';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const PRIVATE_KEY = /-----BEGIN ([A-Z ]*)PRIVATE KEY-----[^-]+-----END \1PRIVATE KEY-----/;

/** A certificate as it is in a file. */
export interface CertificatePem {
  readonly pem: string;
  readonly certificate: X509Certificate;
}

/** A file's text, or undefined when there is no such file. Throws `setup` when it cannot be read. */
export function readTextIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new DsageError('setup', `${path} cannot be read: ${messageOf(error)}.`, {
      hint: 'Check who owns it and its mode, or set DSAGE_DIR to another directory.',
      cause: error,
    });
  }
}

/** All certificates of a file's text; throws `setup`, naming the file, when there is none or one is damaged. */
export function parseCertificates(path: string, text: string): CertificatePem[] {
  const blocks = text.match(CERTIFICATE) ?? [];
  if (blocks.length === 0) throw damaged(path, 'it holds no certificate');
  return blocks.map((block) => {
    try {
      return { pem: `${block}\n`, certificate: new X509Certificate(block) };
    } catch (error) {
      throw damaged(path, 'a certificate in it cannot be read', error);
    }
  });
}

/** The private key in a file's text; throws `setup`, naming the file, when there is none or it is damaged. */
export function parsePrivateKey(
  path: string,
  text: string,
): { readonly pem: string; readonly key: KeyObject } {
  const block = PRIVATE_KEY.exec(text)?.[0];
  if (block === undefined) throw damaged(path, 'it holds no private key');
  try {
    return { pem: `${block}\n`, key: createPrivateKey(block) };
  } catch (error) {
    throw damaged(path, 'the private key in it cannot be read', error);
  }
}

function damaged(path: string, why: string, cause?: unknown): DsageError {
  return new DsageError('setup', `${path} is damaged: ${why}.`, {
    hint: 'Restore it from a backup, or move it away and run `dsage setup` again, which makes what is missing.',
    cause,
  });
}
