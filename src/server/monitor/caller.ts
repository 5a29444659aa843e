import { DsageError } from '../../model/errors.js';
import type { Identity } from '../../model/user.js';

/** Whom a request acts as, where the route is not open to everybody. */
export function requireCaller(context: { readonly state: { readonly [name: string]: unknown } }): Identity {
  const caller = context.state['caller'] as Identity | undefined;
  if (caller !== undefined) return caller;
  throw new DsageError('unauthenticated', 'This needs a login.', {
    hint: 'Run `dsage web` and open the link that it prints.',
  });
}
