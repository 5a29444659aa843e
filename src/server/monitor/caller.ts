import { DsageError } from '../../model/errors.js';
import type { Identity } from '../../model/user.js';

/** Whom a request acts as; undefined for somebody without a login, where the route is open to them. */
export function callerOf(context: {
  readonly state: Readonly<Record<string, unknown>>;
}): Identity | undefined {
  return context.state['caller'] as Identity | undefined;
}

/** Whom a request acts as, where the route is not open to everybody. */
export function requireCaller(context: { readonly state: Readonly<Record<string, unknown>> }): Identity {
  return requireLogin(callerOf(context));
}

/** Throws `unauthenticated` for somebody without a login. */
export function requireLogin(caller: Identity | undefined): Identity {
  if (caller !== undefined) return caller;
  throw new DsageError('unauthenticated', 'This needs a login.', {
    hint: 'Run `dsage web` and open the link that it prints.',
  });
}
