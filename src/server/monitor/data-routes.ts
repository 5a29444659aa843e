import { Readable } from 'node:stream';

import Router from '@koa/router';
import type { Context } from 'koa';

import type { TaskPage } from '../../model/monitor.js';
import { encodeValue } from '../../wire/codec.js';
import { inlinePayload } from '../../wire/payload.js';
import type { JobView } from '../views.js';
import { pathNumber } from './body.js';
import { callerOf, requireCaller } from './caller.js';
import { addEventRoutes } from './events/event-routes.js';
import type { MonitorServices } from './monitor-services.js';
import { jobDetail, parametersOf, programOf, programText } from './view/job-detail.js';
import { JobPages } from './view/job-pages.js';
import { outputPage } from './view/output-pages.js';
import { overviewOf } from './view/overview.js';
import { Query } from './view/query.js';
import { taskDetail, taskRow } from './view/task-views.js';
import { jobTimeline, workerTimeline } from './view/timelines.js';
import { answerOf, resultOf, sendValue } from './view/values.js';
import { viewerOf } from './view/viewer.js';
import { allWorkers, requireWorker, shownWorker } from './view/workers.js';

/** All that the monitor reads. `ctx.state.caller` says who asks; undefined may see numbers and workers only. */
export function dataRoutes(services: MonitorServices): Router {
  const router = new Router();
  router.get('/api/overview', (ctx) => {
    ctx.body = overviewOf(services, viewerOf(callerOf(ctx)));
  });
  router.get('/api/history', (ctx) => {
    ctx.body = services.live.history();
  });
  addEventRoutes(router, services);
  addJobRoutes(router, services);
  addTaskRoutes(router, services);
  addWorkerRoutes(router, services);
  return router;
}

function addJobRoutes(router: Router, services: MonitorServices): void {
  const pages = new JobPages(services);
  const { store } = services.engine;
  router.get('/api/jobs', async (ctx) => {
    ctx.body = await pages.page(new Query(ctx.query).jobs(requireCaller(ctx)));
  });
  router.get('/api/jobs/:id', (ctx) => {
    ctx.body = jobDetail(services, jobOf(services, ctx));
  });
  router.get('/api/jobs/:id/result', (ctx) => {
    const view = jobOf(services, ctx);
    sendValue(ctx, services, resultOf(services, view), `job-${String(view.record.id)}`);
  });
  router.get('/api/jobs/:id/program', async (ctx) => {
    const view = jobOf(services, ctx);
    const { bundle } = view.record.spec;
    if (bundle === undefined) ctx.body = programText(await programOf(services, view), view);
    else ctx.body = Readable.from(services.blobs.open(bundle));
    // It is shown as text, whatever is in it.
    ctx.type = 'text/plain; charset=utf-8';
  });
  router.get('/api/jobs/:id/parameters', async (ctx) => {
    const view = jobOf(services, ctx);
    const parameters = parametersOf(await programOf(services, view));
    const payload = parameters === undefined ? undefined : inlinePayload(encodeValue(parameters));
    sendValue(ctx, services, payload, `job-${String(view.record.id)}-parameters`);
  });
  router.get('/api/jobs/:id/timeline', (ctx) => {
    ctx.body = jobTimeline(services, jobOf(services, ctx));
  });
  router.get('/api/jobs/:id/output', (ctx) => {
    const view = jobOf(services, ctx);
    const query = new Query(ctx.query);
    ctx.body = outputPage(store, view.record.id, {
      index: query.number('index', undefined),
      after: query.text('after'),
    });
  });
}

function addTaskRoutes(router: Router, services: MonitorServices): void {
  const { engine, views } = services;
  router.get('/api/jobs/:id/tasks', (ctx) => {
    const view = jobOf(services, ctx);
    const query = new Query(ctx.query);
    const statuses = query.statuses().filter((status) => status !== 'paused');
    const { items, next } = views.tasks(view, {
      ...{ statuses, pageSize: query.number('limit', 100), from: query.number('from', 0) },
    });
    const tasks = items.map((task) => taskRow(services, view.record.id, task));
    ctx.body = { tasks, next: next ?? null } satisfies TaskPage;
  });
  router.get('/api/jobs/:id/tasks/:index', (ctx) => {
    const { view, index } = taskOf(services, ctx);
    ctx.body = taskDetail(services, view, index);
  });
  router.get('/api/jobs/:id/tasks/:index/input', (ctx) => {
    const { job, index } = taskOf(services, ctx);
    sendValue(ctx, services, engine.store.task(job, index), `job-${String(job)}-${String(index)}-input`);
  });
  router.get('/api/jobs/:id/tasks/:index/answer', (ctx) => {
    const { job, index } = taskOf(services, ctx);
    sendValue(ctx, services, answerOf(engine.store, job, index), `job-${String(job)}-${String(index)}`);
  });
}

function addWorkerRoutes(router: Router, services: MonitorServices): void {
  const { state } = services.engine;
  router.get('/api/workers', (ctx) => {
    requireCaller(ctx);
    ctx.body = allWorkers(services);
  });
  router.get('/api/workers/:id', (ctx) => {
    requireCaller(ctx);
    ctx.body = shownWorker(services, requireWorker(state, pathNumber(ctx, 'id')));
  });
  router.get('/api/workers/:id/timeline', (ctx) => {
    const { owner } = viewerOf(requireCaller(ctx));
    const worker = requireWorker(state, pathNumber(ctx, 'id'));
    ctx.body = workerTimeline(services, worker, owner);
  });
}

type Request = Context & { readonly params: Readonly<Record<string, string | undefined>> };

function jobOf({ views }: MonitorServices, ctx: Request): JobView {
  return views.requireJob(pathNumber(ctx, 'id'), requireCaller(ctx));
}

function taskOf(services: MonitorServices, ctx: Request) {
  const view = jobOf(services, ctx);
  const index = pathNumber(ctx, 'index');
  services.views.requireIndex(view, index);
  return { view, job: view.record.id, index };
}
