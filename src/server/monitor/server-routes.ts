import Router, { type RouterContext } from '@koa/router';

import type { SessionView, UserSummary } from '../../model/monitor.js';
import type { UserRecord } from '../../model/user.js';
import { ServerServiceService } from '../../wire/gen/dsage/v1/server.js';
import { packageVersion } from '../../wire/hello.js';
import { requireRole } from '../services/access.js';
import { serverActions } from '../services/server-actions.js';
import { sessionCookie } from './access/cookie.js';
import type { Logins } from './access/logins.js';
import { pathNumber } from './body.js';
import { callerOf, requireCaller } from './caller.js';
import { openApi } from './openapi/document.js';
import { serverDetail } from './server-detail.js';
import type { MonitorServices } from './monitor-services.js';

export interface ServerRoutesOptions {
  readonly services: MonitorServices;
  readonly logins: Logins;
  readonly isPublic: boolean;
}

/** Who is logged in, and the server itself: figures, logs, users. */
export function serverRoutes({ services, logins, isPublic }: ServerRoutesOptions): Router {
  const router = new Router({ prefix: '/api' });
  const actions = serverActions(services);
  router.get('/session', (context) => {
    const caller = callerOf(context);
    const role = caller === undefined || caller.role === 'server' ? '' : caller.role;
    const version = packageVersion();
    context.body = { user: caller?.name ?? '', role, isPublic, version } satisfies SessionView;
  });
  router.post('/logout', (context) => {
    requireCaller(context);
    const cookie = sessionCookie(services.cluster);
    const session = context.cookies.get(cookie);
    if (session !== undefined) logins.end(session);
    context.cookies.set(cookie, null, { httpOnly: true, sameSite: 'strict', path: '/' });
    context.body = {};
  });
  router.get('/server', (context) => {
    context.body = serverDetail(services, requireCaller(context));
  });
  router.get('/server/log', async (context) => {
    context.body = {
      lines: await actions.readLog({ worker: 0, lines: linesOf(context) }, requireCaller(context)),
    };
  });
  router.get('/workers/:id/log', async (context) => {
    const worker = pathNumber(context, 'id');
    context.body = {
      lines: await actions.readLog({ worker, lines: linesOf(context) }, requireCaller(context)),
    };
  });
  router.get('/users', (context) => {
    requireRole(ServerServiceService.listUsers.path, requireCaller(context));
    context.body = actions.users().map(userSummary);
  });
  router.get('/openapi.json', (context) => {
    context.body = openApi(packageVersion(), sessionCookie(services.cluster));
  });
  return router;
}

function userSummary({ name, role, enabled, createdAtMs, serials }: UserRecord): UserSummary {
  return { name, role, enabled, createdAtMs, certificates: serials.length };
}

/** 0, the usual number, where none is asked for. */
function linesOf({ query }: RouterContext): number {
  const lines = Number(query['lines'] ?? 0);
  return Number.isSafeInteger(lines) && lines > 0 ? lines : 0;
}
