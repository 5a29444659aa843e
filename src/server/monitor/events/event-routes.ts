import type Router from '@koa/router';
import type { Context } from 'koa';

import type { Identity } from '../../../model/user.js';
import { pathNumber } from '../body.js';
import { callerOf, requireCaller } from '../caller.js';
import type { MonitorServices } from '../monitor-services.js';
import { Query } from '../view/query.js';
import { EventHub } from './event-hub.js';
import { OutputStream } from './output-stream.js';
import { EventStream } from './stream.js';
import { topicOf } from './topics.js';

/** Puts the routes of server-sent events on a router. They end with their connections, or with the caller's rights. */
export function addEventRoutes(router: Router, services: MonitorServices): void {
  const hub = new EventHub(services.now);
  router.get('/api/events', (ctx) => {
    const caller = callerOf(ctx);
    const { key, topic } = topicOf(services, new Query(ctx.query).text('topic'), caller);
    const join = hub.open(key, topic);
    join(streamOf(services, ctx, caller), ctx.get('Last-Event-ID'));
  });
  router.get('/api/jobs/:id/output/events', (ctx) => {
    const caller = requireCaller(ctx);
    const job = pathNumber(ctx, 'id');
    const view = services.views.requireJob(job, caller);
    const index = new Query(ctx.query).number('index', undefined);
    if (index !== undefined) services.views.requireIndex(view, index);
    const stream = streamOf(services, ctx, caller);
    new OutputStream(services, stream, { job, index }).start();
    hub.keepAlive(stream);
  });
}

function streamOf({ users }: MonitorServices, ctx: Context, caller: Identity | undefined): EventStream {
  const stream = new EventStream(ctx);
  if (caller !== undefined) {
    stream.onClose(
      users.onRevoked(caller, () => {
        stream.close();
      }),
    );
  }
  return stream;
}
