export const ROLES = ['user', 'admin', 'worker', 'server'] as const;
export type Role = (typeof ROLES)[number];

/** Who a certificate says its holder is. */
export interface Identity {
  readonly role: Role;
  readonly name: string;
  /** The certificate's serial number, lower-case hexadecimal. */
  readonly serial: string;
  /** Set for a coordinator on a worker: it speaks for the owner of this job, and about nothing else. */
  readonly onlyJob?: number;
}

/** A user as the store keeps it. */
export interface UserRecord {
  readonly name: string;
  readonly role: Exclude<Role, 'server'>;
  readonly enabled: boolean;
  readonly createdAtMs: number;
  /** Certificates issued to this user; others are refused even if the CA signed them. */
  readonly serials: readonly string[];
}

/** Letters, digits, dot, dash and underscore; it starts with a letter or digit; at most 64. */
export const USER_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
