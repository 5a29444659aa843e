import type { Context } from 'koa';

import { DsageError } from '../../../model/errors.js';
import { answerError } from '../errors.js';
import type { MonitorServices } from '../monitor-services.js';
import { sessionCookie } from './cookie.js';
import type { Logins } from './logins.js';
import type { Tries } from './tries.js';

/** `GET /login?token=…`: the link that `dsage web` gives becomes a cookie, which no script can read. */
export function login(
  logins: Logins,
  tries: Tries,
  { log, cluster }: Pick<MonitorServices, 'log' | 'cluster'>,
) {
  return (context: Context): void => {
    if (context.method === 'HEAD') {
      // Programs that only look at a link must not use it up.
      context.status = 200;
      return;
    }
    const address = context.ip;
    if (!tries.mayTry(address)) {
      context.set('Retry-After', '60');
      refuse(
        context,
        429,
        new DsageError('limit-exceeded', 'Too many logins have failed from this address.', {
          hint: 'Wait a minute.',
        }),
      );
      return;
    }
    const { token } = context.query;
    const opened = typeof token === 'string' ? logins.redeem(token) : undefined;
    if (opened === undefined) {
      tries.failed(address);
      log.warn('a web login failed', { address });
      refuse(
        context,
        401,
        new DsageError('unauthenticated', 'This link has been used, or is too old.', {
          hint: 'Run `dsage web` for a new one: each opens the monitor once, within five minutes.',
        }),
      );
      return;
    }
    context.cookies.set(sessionCookie(cluster), opened.session, {
      ...{ httpOnly: true, sameSite: 'strict', path: '/', secure: context.secure },
    });
    log.info('a web login', { user: opened.identity.name, address });
    context.status = 303;
    context.redirect('/');
  };
}

/** People see this one: as text, unless a program asks for JSON. */
function refuse(context: Context, status: number, error: DsageError): void {
  answerError(context, error, status);
  if (context.accepts('html', 'text', 'json') !== 'json') {
    context.type = 'text/plain; charset=utf-8';
    context.body = `${error.message}\n`;
  }
}
