import type { Context, Middleware, Next } from 'koa';

import { DsageError } from '../../../model/errors.js';
import type { Identity } from '../../../model/user.js';
import { requireLogin } from '../caller.js';
import type { MonitorServices } from '../monitor-services.js';
import { sessionCookie } from './cookie.js';
import type { Logins } from './logins.js';

const READS = new Set(['GET', 'HEAD']);
/** What `--web-public-status` opens: numbers and workers, nothing of any job. */
const PUBLIC_PATHS = new Set(['/api/overview', '/api/history', '/api/session']);

type Services = Pick<MonitorServices, 'users' | 'cluster'>;

export interface GuardOptions {
  readonly logins: Logins;
  readonly services: Services;
  readonly isPublic: boolean;
}

/** Lets pass who has a session, and puts whom it acts as into `state.caller`; all others get 401. */
export function loginGuard({ logins, services, isPublic }: GuardOptions): Middleware {
  return async (context, next) => {
    const caller = sessionCaller(context, logins, services);
    if (!(isPublic && isPublicRead(context))) requireLogin(caller);
    context.state['caller'] = caller;
    await next();
  };
}

/** Whom the request's session acts as; undefined without one. Throws `unauthenticated` when the user was disabled. */
export function sessionCaller(
  context: Context,
  logins: Logins,
  { users, cluster }: Services,
): Identity | undefined {
  const session = context.cookies.get(sessionCookie(cluster));
  const caller = session === undefined ? undefined : logins.find(session);
  if (caller === undefined || session === undefined) return undefined;
  try {
    users.require(caller);
  } catch (error) {
    logins.end(session);
    throw error;
  }
  return caller;
}

/**
 * Refuses a change that a page of another origin asks for: browsers say whose page it is, and a program of no page
 * says so with a header that other pages cannot send.
 */
export async function refuseForeignChanges(context: Context, next: Next): Promise<void> {
  if (READS.has(context.method)) {
    await next();
    return;
  }
  const origin = context.get('Origin');
  const site = context.get('Sec-Fetch-Site');
  const isOwn =
    origin === ''
      ? context.get('X-Dsage') === '1' && ['', 'same-origin', 'none'].includes(site)
      : origin === `${context.protocol}://${context.host}`;
  if (!isOwn) {
    throw new DsageError('permission-denied', 'This change was asked for by another site.', {
      hint: 'Browsers send our own Origin; programs send the header X-Dsage: 1 and no Origin.',
    });
  }
  if (context.method === 'POST' && context.is('application/json') === false) {
    throw new DsageError('invalid-argument', 'The content type must be application/json.');
  }
  await next();
}

function isPublicRead(context: Context): boolean {
  if (!READS.has(context.method)) return false;
  if (PUBLIC_PATHS.has(context.path)) return true;
  return context.path === '/api/events' && context.query['topic'] === 'overview';
}
