import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Logins } from '#dsage/server/monitor/access/logins.js';
import { type AppOptions, apiRouters } from '#dsage/server/monitor/app.js';

/** Answers whatever is asked of it with itself: routers are only built over it, none is asked anything. */
const nothing: unknown = new Proxy(() => undefined, { get: () => nothing, apply: () => nothing });

/** Every route of the API, as `GET /api/jobs/:id`. */
export function apiRoutes(): string[] {
  const logins = new Logins(join(tmpdir(), 'no such directory', 'sessions'), Date.now);
  const services = nothing as AppOptions['services'];
  const routers = apiRouters({ ...(nothing as AppOptions), services, logins, isPublic: false });
  return routers.flatMap(({ stack }) =>
    stack.flatMap(({ methods, path }) =>
      methods.filter((method) => method !== 'HEAD').map((method) => `${method} ${String(path)}`),
    ),
  );
}
