import type Router from '@koa/router';
import type { Context } from 'koa';

import type { Identity } from '../../../model/user.js';
import { pathNumber } from '../body.js';
import { callerOf, requireCaller } from '../caller.js';
import type { MonitorServices } from '../monitor-services.js';
import { Pieces } from '../view/output-pages.js';
import { Query } from '../view/query.js';
import { EventHub } from './event-hub.js';
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
    services.views.requireJob(job, caller);
    const index = new Query(ctx.query).number('index', undefined);
    const stream = streamOf(services, ctx, caller);
    const stop = services.outputs.listen(job, {
      onChunks: (chunks) => {
        const pieces = new Pieces();
        for (const chunk of chunks) if (index === undefined || chunk.index === index) pieces.add(chunk);
        // What a slow reader misses is stored: the page reads it again.
        if (stream.isBehind) return;
        for (const piece of pieces.list()) stream.write(`event: output\ndata: ${JSON.stringify(piece)}\n\n`);
      },
      onEnd: () => {
        stream.write('event: end\ndata: {}\n\n');
      },
    });
    stream.onClose(stop);
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
