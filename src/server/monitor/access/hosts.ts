import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { hostname } from 'node:os';

const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '[::1]'];

/** Whether only programs of this machine reach what listens there. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127[.]\d+[.]\d+[.]\d+$/.test(host);
}

/** By what other machines find what listens there: by this machine's name where it listens for all of them. */
export function reachableHost(host: string): string {
  return host === '0.0.0.0' || host === '::' ? hostname() : urlHost(host);
}

/** As it stands in a URL. */
export function urlHost(host: string): string {
  return isIP(host) === 6 ? `[${host}]` : host;
}

/**
 * Which `Host` headers are ours. A page of somebody else's can make its own name lead to this address, and its
 * scripts then call us as if they were ours (DNS rebinding): what gives it away is its name. An address is no name.
 *
 * @param bound where the monitor listens
 * @param certificatePem the server's, whose names are ours too; empty without HTTPS
 */
export function hostCheck(
  bound: { readonly host: string; readonly port: number },
  certificatePem: string,
): (host: string) => boolean {
  const isLocal = isLoopback(bound.host);
  const others = isLocal ? [] : [hostname(), ...namesIn(certificatePem)];
  const names = new Set([...LOOPBACK_NAMES, urlHost(bound.host), ...others].map((it) => it.toLowerCase()));
  const usualPort = certificatePem === '' ? 80 : 443;
  return (host) => {
    const [, name = '', port] = /^(\[[0-9a-f:.]+\]|[^:[\]]+)(?::(\d+))?$/i.exec(host) ?? [];
    if (Number(port ?? usualPort) !== bound.port) return false;
    if (names.has(name.toLowerCase())) return true;
    return !isLocal && isIP(name.replace(/^\[|\]$/g, '')) !== 0;
  };
}

function namesIn(certificatePem: string): string[] {
  if (certificatePem === '') return [];
  const names = new X509Certificate(certificatePem).subjectAltName ?? '';
  return names.split(', ').flatMap((it) => (it.startsWith('DNS:') ? [it.slice('DNS:'.length)] : []));
}
