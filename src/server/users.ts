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
  /** Users whose removal is on its way to the disk: nothing brings them back. */
  readonly #removed = new Set<string>();
  readonly #openCalls = new Map<string, Set<() => void>>();

  constructor(engine: Engine, ca: KeyPairPem) {
    this.#engine = engine;
    this.#ca = ca;
    this.#byName = new Map(engine.store.users().map((user) => [user.name, user]));
  }

  get caPem(): string {
    return this.#ca.certificatePem;
  }

  list(): readonly UserRecord[] {
    return [...this.#byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Throws `unauthenticated` for a caller whose certificate does not count, or no longer does. */
  require(identity: Identity): void {
    const known = this.#byName.get(identity.name);
    // Setup on the server's machine may have added a user or a certificate while the server runs.
    const user = isOf(known, identity) ? known : this.#reload(identity.name);
    if (user === undefined || !isOf(user, identity)) {
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

  /**
   * Hears when a caller may no longer call, with the error that says why: for calls that stay open.
   * Returns how to stop listening.
   */
  onRevoked(caller: Identity, tell: (error: unknown) => void): () => void {
    const calls = this.#openCalls.get(caller.name) ?? new Set<() => void>();
    this.#openCalls.set(caller.name, calls);
    const check = () => {
      try {
        this.require(caller);
      } catch (error) {
        tell(error);
      }
    };
    calls.add(check);
    return () => {
      calls.delete(check);
      if (calls.size === 0 && this.#openCalls.get(caller.name) === calls) this.#openCalls.delete(caller.name);
    };
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
    if (!enabled) this.#revoke(name);
  }

  async remove(name: string): Promise<void> {
    this.#keepAnAdmin(this.#mustHave(name));
    this.#byName.delete(name);
    this.#removed.add(name);
    await this.#engine.ask((request) => ({ type: 'user-removed', request, name }));
    this.#removed.delete(name);
    this.#revoke(name);
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

  #revoke(name: string): void {
    for (const check of [...(this.#openCalls.get(name) ?? [])]) check();
  }

  /** What the store knows of a user by now. */
  #reload(name: string): UserRecord | undefined {
    const known = this.#byName.get(name);
    const stored = this.#engine.store.users().find((it) => it.name === name);
    if (stored === undefined || this.#removed.has(name)) return known;
    // A change that is under way to the disk counts already; setup only ever adds certificates.
    const serials = [...new Set([...(known?.serials ?? []), ...stored.serials])];
    const user = { ...(known ?? stored), serials };
    this.#byName.set(name, user);
    return user;
  }
}

function isOf(user: UserRecord | undefined, { serial, role }: Identity): boolean {
  return user !== undefined && user.role === role && user.serials.includes(serial);
}

function serialOf(certificatePem: string): string {
  return new X509Certificate(certificatePem).serialNumber.toLowerCase();
}
