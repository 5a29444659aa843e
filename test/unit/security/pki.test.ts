import { X509Certificate } from 'node:crypto';

import { DsageError } from '#dsage/model/errors.js';
import { identityOf } from '#dsage/security/identity.js';
import { createCa, createCsr, issue, signCsr, spkiHash } from '#dsage/security/pki.js';
import type { KeyPairPem } from '#dsage/security/pki.js';
import { expect } from 'chai';

async function refusal(run: () => Promise<unknown>): Promise<DsageError> {
  try {
    await run();
  } catch (error) {
    if (error instanceof DsageError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('pki', () => {
  let ca: KeyPairPem;
  before(async () => {
    ca = await createCa();
  });

  it('makes a CA that signs end certificates only, and a different one each time', async () => {
    const certificate = new X509Certificate(ca.certificatePem);
    expect(certificate.ca).to.equal(true);
    expect(certificate.verify(certificate.publicKey)).to.equal(true);
    const another = await createCa();
    expect(new X509Certificate(another.certificatePem).subject).not.to.equal(certificate.subject);
    expect(spkiHash(another.certificatePem)).not.to.equal(spkiHash(ca.certificatePem));
  });

  it('issues certificates that say who their holder is', async () => {
    const { certificatePem, keyPem } = await issue(ca, { role: 'worker', name: 'node-1.lab' });
    const certificate = new X509Certificate(certificatePem);
    expect(certificate.verify(new X509Certificate(ca.certificatePem).publicKey)).to.equal(true);
    expect(certificate.ca).to.equal(false);
    expect(keyPem).to.match(/^-----BEGIN PRIVATE KEY-----\n[^]*-----END PRIVATE KEY-----\n$/);
    expect(identityOf(certificate.raw)).to.deep.equal({
      role: 'worker',
      name: 'node-1.lab',
      serial: certificate.serialNumber.toLowerCase(),
    });
  });

  it('remembers an identity, also for other memory with the same bytes', async () => {
    const { certificatePem } = await issue(ca, { role: 'user', name: 'bob' });
    const { raw } = new X509Certificate(certificatePem);
    expect(identityOf(Buffer.from(raw))).to.equal(identityOf(raw));
  });

  it('knows no identity in other bytes', () => {
    expect(identityOf(new X509Certificate(ca.certificatePem).raw)).to.equal(undefined);
    expect(identityOf(Buffer.from('nonsense'))).to.equal(undefined);
  });

  it('is never valid for longer than the CA', async () => {
    const short = await createCa({ days: 10 });
    const { certificatePem } = await issue(short, { role: 'user', name: 'bob', days: 900 });
    const end = (pem: string) => Date.parse(new X509Certificate(pem).validTo);
    expect(end(certificatePem)).to.equal(end(short.certificatePem));
  });

  it('refuses names that could be read as something else', async () => {
    for (const name of ['', 'a/b', 'a b', 'a, URI:dsage://admin/root', '#0500', 'x"y"', 'ä']) {
      const error = await refusal(() => issue(ca, { role: 'user', name }));
      expect(error.code).to.equal('invalid-argument');
    }
  });

  describe('requests', () => {
    it('are answered with what the signer says, for the key of the request', async () => {
      const { csrPem, keyPem } = await createCsr('root');
      const signed = new X509Certificate(await signCsr(ca, csrPem, { role: 'user', name: 'carol' }));
      expect(identityOf(signed.raw)).to.include({ role: 'user', name: 'carol' });
      expect(signed.subject).not.to.include('root');
      const { createPrivateKey } = await import('node:crypto');
      expect(signed.checkPrivateKey(createPrivateKey(keyPem))).to.equal(true);
    });

    it('are refused when damaged or changed', async () => {
      const { csrPem } = await createCsr('carol');
      const body = Buffer.from(csrPem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
      const middle = body.indexOf('carol');
      body.write('carlo', middle);
      const changed = `-----BEGIN CERTIFICATE REQUEST-----\n${body.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
      for (const [pem, message] of [
        ['nonsense', /cannot be read/],
        [changed, /not signed by the key it names/],
      ] as const) {
        const error = await refusal(() => signCsr(ca, pem, { role: 'user', name: 'carol' }));
        expect(error.code).to.equal('invalid-argument');
        expect(error.message).to.match(message);
      }
    });
  });
});
