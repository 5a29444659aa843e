import Router, { type RouterContext } from '@koa/router';

import { DsageError } from '../../model/errors.js';
import type { Identity } from '../../model/user.js';
import { ClientServiceService } from '../../wire/gen/dsage/v1/client.js';
import { ServerServiceService } from '../../wire/gen/dsage/v1/server.js';
import { requireRole } from '../services/access.js';
import { jobActions } from '../services/job-actions.js';
import { serverActions } from '../services/server-actions.js';
import type { Services } from '../services/services.js';
import { workerActions } from '../services/worker-actions.js';
import { Body, pathNumber } from './body.js';
import { requireCaller } from './caller.js';

/** What people do in the monitor: the same functions decide that answer by gRPC. */
export function actionRoutes(services: Services): Router {
  const router = new Router({ prefix: '/api' });
  addJobRoutes(router, services);
  addWorkerRoutes(router, services);
  addUserRoutes(router, services);
  return router;
}

type Act = (given: { caller: Identity; body: Body; context: RouterContext }) => Promise<unknown>;

/** A route that does what the method of that path does, for those who may call it. */
function acting(path: string, act: Act) {
  return async (context: RouterContext): Promise<void> => {
    const caller = requireCaller(context);
    requireRole(path, caller);
    const body = await Body.read(context);
    context.body = await act({ caller, body, context });
  };
}

function addJobRoutes(router: Router, services: Services): void {
  const actions = jobActions(services);
  const { killJobs, rerunJobs, pauseJobs, resumeJobs, setPriority, forgetJobs } = ClientServiceService;
  router.post(
    '/jobs/kill',
    acting(killJobs.path, ({ caller, body }) =>
      actions.kill(
        { jobs: body.numbers('jobs'), all: false, reason: body.text('reason'), indexes: [] },
        caller,
      ),
    ),
  );
  router.post(
    '/jobs/:id/tasks/kill',
    acting(killJobs.path, ({ caller, body, context }) => {
      const indexes = body.numbers('indexes');
      if (indexes.length === 0) throw new DsageError('invalid-argument', 'Name at least one task.');
      return actions.kill(
        { jobs: [pathNumber(context, 'id')], all: false, reason: body.text('reason'), indexes },
        caller,
      );
    }),
  );
  router.post(
    '/jobs/rerun',
    acting(rerunJobs.path, ({ caller, body }) =>
      actions.rerun({ jobs: body.numbers('jobs'), onlyFailed: body.flag('onlyFailed') }, caller),
    ),
  );
  router.post(
    '/jobs/pause',
    acting(pauseJobs.path, ({ caller, body }) => actions.pause({ jobs: body.numbers('jobs') }, caller)),
  );
  router.post(
    '/jobs/resume',
    acting(resumeJobs.path, ({ caller, body }) => actions.resume({ jobs: body.numbers('jobs') }, caller)),
  );
  router.post(
    '/jobs/priority',
    acting(setPriority.path, ({ caller, body }) =>
      actions.setPriority({ jobs: body.numbers('jobs'), priority: body.number('priority') }, caller),
    ),
  );
  router.post(
    '/jobs/forget',
    acting(forgetJobs.path, ({ caller, body }) =>
      actions.forget({ jobs: body.numbers('jobs'), allFinished: false }, caller),
    ),
  );
}

function addWorkerRoutes(router: Router, services: Services): void {
  const actions = workerActions(services);
  const { drainWorker, resumeWorker, removeWorker } = ServerServiceService;
  const workerIn = (context: RouterContext) => pathNumber(context, 'id');
  router.post(
    '/workers/:id/drain',
    acting(drainWorker.path, async ({ caller, body, context }) => {
      await actions.drain({ worker: workerIn(context), stop: body.flag('stop') }, caller);
      return {};
    }),
  );
  router.post(
    '/workers/:id/resume',
    acting(resumeWorker.path, async ({ caller, context }) => {
      await actions.resume({ worker: workerIn(context) }, caller);
      return {};
    }),
  );
  router.post(
    '/workers/:id/remove',
    acting(removeWorker.path, async ({ caller, context }) => {
      await actions.remove({ worker: workerIn(context) }, caller);
      return {};
    }),
  );
}

function addUserRoutes(router: Router, services: Services): void {
  const actions = serverActions(services);
  const nameIn = (context: RouterContext) => String(context.params['name']);
  const { addUser, setUserEnabled, removeUser } = ServerServiceService;
  router.post(
    '/users',
    acting(addUser.path, ({ caller, body }) =>
      actions.addUser(
        { name: body.text('name'), role: body.text('role'), csrPem: body.text('csrPem') },
        caller,
      ),
    ),
  );
  for (const [verb, enabled] of [
    ['enable', true],
    ['disable', false],
  ] as const) {
    router.post(
      `/users/:name/${verb}`,
      acting(setUserEnabled.path, ({ caller, context }) =>
        actions.setUserEnabled({ name: nameIn(context), enabled }, caller),
      ),
    );
  }
  router.delete(
    '/users/:name',
    acting(removeUser.path, ({ caller, context }) => actions.removeUser({ name: nameIn(context) }, caller)),
  );
}
