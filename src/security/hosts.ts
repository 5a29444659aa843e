import { hostname, networkInterfaces, userInfo } from 'node:os';

import { USER_NAME } from '../model/user.js';

const HOST_NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;

/** All names and addresses that this machine answers at, as far as it knows. */
export function localHosts(): string[] {
  const addresses = Object.values(networkInterfaces())
    .flatMap((entries) => entries ?? [])
    .map(({ address }) => address)
    // A link-local address needs the name of an interface beside it, which no certificate can hold.
    .filter((address) => !address.toLowerCase().startsWith('fe80:'));
  const name = hostname().toLowerCase();
  const names = HOST_NAME.test(name) ? ['localhost', name] : ['localhost'];
  return [...new Set([...names, '127.0.0.1', '::1', ...addresses])];
}

/** The name of whoever runs this process, made to fit USER_NAME. */
export function currentUserName(): string {
  return fitUserName(systemUserName());
}

/** A name made to fit USER_NAME: what does not fit becomes a dash. */
export function fitUserName(name: string): string {
  const fitted = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 64);
  return USER_NAME.test(fitted) ? fitted : 'user';
}

function systemUserName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a number that no name belongs to.
    return 'user';
  }
}
