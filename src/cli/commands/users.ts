import { existsSync, readFileSync } from 'node:fs';

import { DsageError, messageOf } from '../../model/errors.js';
import { USER_NAME, type UserRecord } from '../../model/user.js';
import { acceptCertificate, requestCertificate } from '../../security/enrol.js';
import { createFile } from '../../security/exclusive-files.js';
import type { Cli } from '../cli.js';
import { type Column, table } from '../format/table.js';
import { ago } from '../format/time.js';

export async function listUsers(cli: Cli): Promise<undefined> {
  const users = await cli.withServer((d) => d.users.list());
  if (cli.json) {
    cli.printJson(users);
    return;
  }
  const now = Date.now();
  const columns: Column<UserRecord>[] = [
    { title: 'USER', value: ({ name }) => name },
    { title: 'ROLE', value: ({ role }) => role },
    {
      title: 'STATUS',
      value: ({ enabled }) => (enabled ? 'enabled' : 'disabled'),
      color: ({ enabled }, colors) => (enabled ? colors.green : colors.red),
    },
    { title: 'ADDED', value: ({ createdAtMs }) => ago(new Date(createdAtMs), now) },
    { title: 'CERTIFICATES', value: ({ serials }) => serials.length, align: 'right' },
  ];
  cli.print(table(columns, users, { look: cli.look, empty: 'No users.' }));
}

/** On the colleague's machine: the key stays there, the request goes to an admin. */
export async function requestUser(
  cli: Cli,
  [name = '']: string[],
  { out }: { readonly out?: string },
): Promise<undefined> {
  checkName(name);
  const { csrPem, keyPath, madeKey } = await requestCertificate(cli.directory, name);
  const file = out ?? `${name}.csr`;
  writeNew(file, csrPem);
  if (cli.json) {
    cli.printJson({ name, request: file, key: keyPath, madeKey });
    return;
  }
  cli.printLine(`${madeKey ? 'Made' : 'Used'} the key ${keyPath}; it stays here. The request is ${file}.`);
  cli.printLine(`Send it to an admin of the cluster, who runs: dsage user add ${name} --csr ${file}`);
}

export async function addUser(
  cli: Cli,
  [name = '']: string[],
  { csr, role, out }: { readonly csr: string; readonly role: UserRecord['role']; readonly out?: string },
): Promise<undefined> {
  checkName(name);
  const csrPem = readText(csr);
  const file = out ?? `${name}.pem`;
  if (existsSync(file)) throw isThere(file);
  const { certificatePem, caPem } = await cli.withServer((d) => d.users.add({ name, role, csrPem }));
  writeNew(file, withEnd(certificatePem) + withEnd(caPem));
  if (cli.json) {
    cli.printJson({ name, role, certificate: file });
    return;
  }
  cli.printLine(`${name} is a user of this cluster (role ${role}). The certificate is ${file}.`);
  cli.printLine(`Send it back to ${name}, who runs: dsage user accept ${file}`);
}

/** On the colleague's machine again. */
export async function acceptUser(cli: Cli, [file = '']: string[]): Promise<undefined> {
  const { user, cluster } = acceptCertificate(cli.directory, readText(file), file);
  if (cli.json) cli.printJson({ user, cluster, directory: cli.directory });
  else cli.printLine(`You are ${user} in the cluster ${cluster} now. Try: dsage --server HOST:PORT status`);
}

export async function disableUser(cli: Cli, [name = '']: string[]): Promise<undefined> {
  await cli.withServer((d) => d.users.disable(name));
  told(
    cli,
    { disabled: name },
    `${name} is refused from now on; enable again with: dsage user enable ${name}`,
  );
}

export async function enableUser(cli: Cli, [name = '']: string[]): Promise<undefined> {
  await cli.withServer((d) => d.users.enable(name));
  told(cli, { enabled: name }, `${name} may call again.`);
}

export async function removeUser(cli: Cli, [name = '']: string[]): Promise<undefined> {
  await cli.withServer((d) => d.users.remove(name));
  told(cli, { removed: name }, `${name} is no user any more.`);
}

function told(cli: Cli, json: unknown, text: string): void {
  if (cli.json) cli.printJson(json);
  else cli.printLine(text);
}

function checkName(name: string): void {
  if (USER_NAME.test(name)) return;
  throw new DsageError('invalid-argument', `'${name}' cannot be the name of a user.`, {
    hint: 'Use letters, digits, dot, dash and underscore, at most 64, with a letter or digit first.',
  });
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new DsageError('invalid-argument', `${path} cannot be read: ${messageOf(error)}.`);
  }
}

function writeNew(path: string, text: string): void {
  let isNew: boolean;
  try {
    isNew = createFile(path, text, 0o644);
  } catch (error) {
    throw new DsageError('invalid-argument', `${path} cannot be written: ${messageOf(error)}.`);
  }
  if (!isNew) throw isThere(path);
}

function isThere(path: string): DsageError {
  return new DsageError('already-exists', `${path} is there already.`, {
    hint: 'Move it away, or name another with --out.',
  });
}

function withEnd(pem: string): string {
  return pem.endsWith('\n') ? pem : `${pem}\n`;
}
