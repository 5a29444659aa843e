import { X509Certificate } from 'node:crypto';

import { DsageError } from '../model/errors.js';
import { type Identity, USER_NAME, type UserRecord } from '../model/user.js';
import { type KeyPairPem, signCsr } from '../security/pki.js';
import type { Engine } from './engine.js';

/**
 * Who may call. A certificate of the cluster's CA is not enough: its user must be known and enabled, and
 * its serial number must be one that was issued, so that removing or disabling a user acts at once.
 */
export class Users {
  readonly #engine: Engine;
  readonly #ca: KeyPairPem;
  readonly #byName: Map<string, UserRecord>;
  readonly #onRevoked: (name: string) => void;

  constructor(engine: Engine, ca: KeyPairPem, onRevoked: (name: string) => void) {
    this.#engine = engine;
    this.#ca = ca;
    this.#byName = new Map(engine.store.users().map((user) => [user.name, user]));
    this.#onRevoked = onRevoked;
  }

  get caPem(): string {
    return this.#ca.certificatePem;
  }

  list(): readonly UserRecord[] {
    return [...this.#byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Throws `unauthenticated` for a caller whose certificate does not count, or no longer does. */
  require(identity: Identity): void {
    const user = this.#byName.get(identity.name);
    if (user?.serials.includes(identity.serial) !== true || user.role !== identity.role) {
      // Setup on the server's machine may have added a user while the server runs.
      if (this.#reload(identity)) return;
      throw new DsageError(
        'unauthenticated',
        `The certificate of ${identity.role} ${identity.name} is not one this server knows.`,
        {
          hint: 'An admin adds it with: dsage user add NAME --csr FILE',
        },
      );
    }
    if (!user.enabled) {
      throw new DsageError('unauthenticated', `The user ${user.name} has been disabled.`, {
        hint: 'Ask an admin of this server.',
      });
    }
  }

  /** Signs a certificate request for a new user, or for one more machine of a known one. */
  async add(name: string, role: UserRecord['role'], csrPem: string, now: number): Promise<string> {
    if (!USER_NAME.test(name)) {
      throw new DsageError('invalid-argument', `"${name}" is no user name.`, {
        hint: 'Use letters, digits, dots, dashes and underscores; begin with a letter or digit; at most 64.',
      });
    }
    const known = this.#byName.get(name);
    if (known !== undefined && known.role !== role) {
      throw new DsageError(
        'already-exists',
        `The user ${name} is there already, with the role ${known.role}.`,
        { hint: `Choose another name, or add a certificate for that role: --role ${known.role}` },
      );
    }
    if (known?.enabled === false) {
      throw new DsageError('failed-precondition', `The user ${name} is disabled.`, {
        hint: `Enable it first: dsage user enable ${name}`,
      });
    }
    const certificate = await signCsr(this.#ca, csrPem, { role, name });
    const serial = serialOf(certificate);
    // Read again: another request for the same user may have been signed meanwhile.
    const user: UserRecord = this.#byName.get(name) ?? {
      name,
      role,
      enabled: true,
      createdAtMs: now,
      serials: [],
    };
    await this.#put({ ...user, serials: [...user.serials, serial] });
    return certificate;
  }

  async setEnabled(name: string, enabled: boolean): Promise<void> {
    const user = this.#mustHave(name);
    if (!enabled) this.#keepAnAdmin(user);
    await this.#put({ ...user, enabled });
    if (!enabled) this.#onRevoked(name);
  }

  async remove(name: string): Promise<void> {
    this.#keepAnAdmin(this.#mustHave(name));
    this.#byName.delete(name);
    await this.#engine.ask((request) => ({ type: 'user-removed', request, name }));
    this.#onRevoked(name);
  }

  async #put(user: UserRecord): Promise<void> {
    // At once here: of two changes in one turn the second must see the first.
    this.#byName.set(user.name, user);
    await this.#engine.ask((request) => ({ type: 'user-put', request, user }));
  }

  #mustHave(name: string): UserRecord {
    const user = this.#byName.get(name);
    if (user !== undefined) return user;
    throw new DsageError('not-found', `There is no user ${name}.`, {
      hint: 'List them with: dsage user list',
    });
  }

  #keepAnAdmin(user: UserRecord): void {
    const others = this.list().filter((it) => it.role === 'admin' && it.enabled && it.name !== user.name);
    if (user.role !== 'admin' || others.length > 0) return;
    throw new DsageError('failed-precondition', `${user.name} is the last admin: nobody could undo this.`, {
      hint: 'Add another admin first: dsage user add NAME --csr FILE --role admin',
    });
  }

  /** Whether the store knows a caller that this registry does not. */
  #reload({ name, serial, role }: Identity): boolean {
    const user = this.#engine.store.users().find((it) => it.name === name);
    if (user === undefined || this.#byName.has(name)) return false;
    this.#byName.set(name, user);
    return user.enabled && user.role === role && user.serials.includes(serial);
  }
}

function serialOf(certificatePem: string): string {
  return new X509Certificate(certificatePem).serialNumber.toLowerCase();
}
