import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';

import type { Identity } from '../../../model/user.js';
import { replaceFile } from '../../../security/exclusive-files.js';

/** A link is opened at once or not at all. */
const TOKEN_MS = 5 * 60_000;
const IDLE_MS = 12 * 3_600_000;
const MAX_TOKENS = 1_000;
const MAX_SESSIONS = 10_000;

interface Held {
  readonly identity: Identity;
  readonly untilMs: number;
}

/**
 * One-time tokens and the sessions that they become. Secrets are kept as their hashes: looking one up tells nothing by
 * the time it takes, and the file of sessions, by which a page goes on after a restart of the server, opens nothing.
 */
export class Logins {
  readonly #file: string;
  readonly #now: () => number;
  /** Oldest first: the first is the one to give up when there are too many. */
  readonly #tokens = new Map<string, Held>();
  /** Least recently used first. */
  readonly #sessions = new Map<string, Held>();

  constructor(file: string, now: () => number) {
    this.#file = file;
    this.#now = now;
    for (const [key, held] of readSessions(file)) if (held.untilMs > now()) this.#sessions.set(key, held);
  }

  createToken(identity: Identity): string {
    return keep(this.#tokens, { identity, untilMs: this.#now() + TOKEN_MS }, MAX_TOKENS);
  }

  /** The session that a token opens, once; undefined for one that is used, too old or none of ours. */
  redeem(token: string): { readonly session: string; readonly identity: Identity } | undefined {
    const key = hashOf(token);
    const held = this.#tokens.get(key);
    this.#tokens.delete(key);
    if (held === undefined || held.untilMs <= this.#now()) return undefined;
    const { identity } = held;
    const session = keep(this.#sessions, this.#fresh(identity), MAX_SESSIONS);
    this.#save();
    return { identity, session };
  }

  /** Whom a session acts as; using it keeps it. */
  find(session: string): Identity | undefined {
    const key = hashOf(session);
    const held = this.#sessions.get(key);
    this.#sessions.delete(key);
    if (held === undefined || held.untilMs <= this.#now()) return undefined;
    this.#sessions.set(key, this.#fresh(held.identity));
    return held.identity;
  }

  end(session: string): void {
    if (this.#sessions.delete(hashOf(session))) this.#save();
  }

  /** Leaves what the next server needs: how long each session is still good is as of now. */
  close(): void {
    if (this.#sessions.size > 0) this.#save();
  }

  #save(): void {
    replaceFile(this.#file, `${JSON.stringify([...this.#sessions])}\n`, 0o600);
  }

  #fresh(identity: Identity): Held {
    return { identity, untilMs: this.#now() + IDLE_MS };
  }
}

/** None where there is no such file, or where it is damaged: then people log in again. */
function readSessions(file: string): [string, Held][] {
  try {
    const entries: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return Array.isArray(entries) ? entries.filter(isEntry) : [];
  } catch {
    return [];
  }
}

function isEntry(entry: unknown): entry is [string, Held] {
  const [key, held] = (Array.isArray(entry) ? entry : []) as [unknown, Partial<Held> | undefined];
  const { name, role, serial } = (held?.identity ?? {}) as Partial<Identity>;
  const texts = [key, name, role, serial];
  return texts.every((it) => typeof it === 'string') && typeof held?.untilMs === 'number';
}

/** A new secret for it; the oldest gives way to it when there are too many. */
function keep(all: Map<string, Held>, held: Held, most: number): string {
  const secret = randomBytes(32).toString('base64url');
  const oldest = all.keys().next();
  if (all.size >= most && oldest.done !== true) all.delete(oldest.value);
  all.set(hashOf(secret), held);
  return secret;
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}
