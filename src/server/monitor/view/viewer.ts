import type { Identity } from '../../../model/user.js';

/** Whose jobs somebody sees. */
export interface Viewer {
  /** The name of the feeds that are shared with viewers of the same rights. */
  readonly key: string;
  /** Undefined sees everybody's. */
  readonly owner: string | undefined;
  /** Without a login: sees numbers and workers, and nothing of jobs. */
  readonly isPublic: boolean;
}

export function viewerOf(caller: Identity | undefined): Viewer {
  if (caller === undefined) return { key: 'public', owner: '', isPublic: true };
  if (caller.role === 'admin') return { key: 'admin', owner: undefined, isPublic: false };
  return { key: `user ${caller.name}`, owner: caller.name, isPublic: false };
}
