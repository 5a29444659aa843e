import Router from '@koa/router';
import Koa, { type Context, type Middleware } from 'koa';
import compress from 'koa-compress';
import helmet from 'koa-helmet';

import { DsageError } from '../../model/errors.js';
import { actionRoutes } from './action-routes.js';
import { loginGuard, refuseForeignChanges, sessionCaller } from './access/guard.js';
import { login } from './access/login.js';
import type { Logins } from './access/logins.js';
import { Tries } from './access/tries.js';
import { dataRoutes } from './data-routes.js';
import { errorAnswers, isDeparture } from './errors.js';
import type { Metrics } from './metrics.js';
import { page } from './page.js';
import { serverRoutes } from './server-routes.js';
import type { MonitorServices } from './monitor-services.js';

export interface AppOptions {
  readonly services: MonitorServices;
  readonly logins: Logins;
  readonly metrics: Metrics;
  /** Whether a `Host` header is one of ours. */
  readonly isOurs: (host: string) => boolean;
  /** The overview is open without a login. */
  readonly isPublic: boolean;
  /** Only programs of this machine reach it. */
  readonly isLocal: boolean;
  readonly isReady: () => boolean;
}

/** The monitor as Koa serves it: what every request passes, then the API, the few paths beside it, and the page. */
export function createApp(options: AppOptions): Koa {
  const { services, isOurs } = options;
  const { log } = services;
  const app = new Koa();
  app.silent = true;
  app.on('error', (error: unknown) => {
    if (!isDeparture(error)) log.warn('a web request failed', { error });
  });
  app.use(securityHeaders());
  app.use(errorAnswers(log));
  app.use(async (context, next) => {
    context.set('Cache-Control', 'no-store');
    if (!isOurs(context.get('Host'))) {
      throw new DsageError('permission-denied', 'This server has another name.', {
        hint: 'Use the address that `dsage web` prints.',
      });
    }
    await next();
  });
  // Events must leave at once; the rest is worth it where it is text.
  app.use(
    compress({
      filter: (type) => /json|text|javascript|svg|wasm/.test(type) && !type.includes('event-stream'),
    }),
  );
  app.use(refuseForeignChanges);
  app.use(api(options));
  app.use(besides(options));
  app.use(page());
  return app;
}

/** Every router of the API, so that a test can walk them. */
export function apiRouters({ services, logins, isPublic }: AppOptions): readonly Router[] {
  return [serverRoutes({ services, logins, isPublic }), actionRoutes(services), dataRoutes(services)];
}

/** Nothing below /api is reached but through the login: its routers hang behind it. */
function api(options: AppOptions): Middleware {
  const { services, logins, isPublic } = options;
  const guard = loginGuard({ logins, services, isPublic });
  const routes = apiRouters(options).map((router) => router.routes() as unknown as Middleware);
  /** Asks one router after the other. */
  const ask = async (context: Context, place: number): Promise<void> => {
    const route = routes[place];
    if (route !== undefined) {
      await route(context, () => ask(context, place + 1));
      return;
    }
    throw new DsageError('not-found', `There is no ${context.method} ${context.path}.`, {
      hint: 'GET /api/openapi.json lists what there is.',
    });
  };
  return async (context, next) => {
    if (/^\/api(\/|$)/i.test(context.path)) await guard(context, () => ask(context, 0));
    else await next();
  };
}

function besides(options: AppOptions): Middleware {
  const { services, logins, metrics, isPublic, isLocal, isReady } = options;
  const router = new Router();
  router.get('/login', login(logins, new Tries(services.now), services));
  router.get('/healthz', (context) => {
    context.body = { status: 'ok' };
  });
  router.get('/readyz', (context) => {
    context.status = isReady() ? 200 : 503;
    context.body = { status: isReady() ? 'ready' : 'starting' };
  });
  router.get('/metrics', async (context) => {
    // Numbers only, no names: they are open where all who could read them are on this machine anyhow.
    if (!isLocal && !isPublic && sessionCaller(context, logins, services) === undefined) {
      throw new DsageError(
        'unauthenticated',
        'This needs a login, since the monitor is open to other machines.',
        {
          hint: 'Start the server with --web-public-status to let anybody read numbers.',
        },
      );
    }
    context.type = metrics.contentType;
    context.body = await metrics.text();
  });
  return router.routes() as unknown as Middleware;
}

/** The page's scripts and styles are files of ours: nothing inline runs, whatever a job's name or output holds. */
function securityHeaders(): Middleware {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        'default-src': ["'self'"],
        'img-src': ["'self'", 'data:', 'blob:'],
        'object-src': ["'none'"],
        'base-uri': ["'none'"],
        'form-action': ["'self'"],
        'frame-ancestors': ["'none'"],
      },
    },
    xFrameOptions: { action: 'deny' },
    // Other programs may serve plain HTTP under the same name.
    strictTransportSecurity: false,
  });
}
