import { isFinal } from '#dsage/model/status.js';
import { check } from '#dsage/server/core/check.js';

import type { SimClient } from './client.js';
import type { Handle } from './handle.js';
import type { World } from './world.js';

/** What must hold once everything has ended. */
export function checkEnd(world: World): void {
  const { server, store } = world;
  if (server === undefined) return;
  check(server.state);
  world.ensure([...store.grants()].length === 0, 'a grant is left in the store');
  world.ensure(server.state.waitingTasks === 0, 'tasks are still counted as waiting');
  world.ensure(server.state.coordinators.size === 0, 'a coordinator still waits');
  for (const worker of server.state.workers.values()) {
    const held = worker.held + worker.coordinating;
    world.ensure(held === 0, `worker ${worker.number} still holds leases for the server`);
  }
  for (const record of store.jobs({ newestFirst: false })) checkJob(world, record.id);
  const submissions = new Set<string>();
  for (const { session, seq } of store.jobs({ newestFirst: false })) {
    const key = `${session}/${String(seq)}`;
    world.ensure(!submissions.has(key), `submission ${key} is there twice`);
    submissions.add(key);
  }
  for (const client of world.clients)
    for (const handle of client.handles.values()) checkHandle(world, client, handle);
}

/** Counts agree with what is stored, and every task of a completed job has one end and one answer. */
function checkJob(world: World, id: number): void {
  const { store } = world;
  const { state, spec } = store.job(id) ?? {};
  if (state === undefined || spec === undefined) return;
  world.ensure(isFinal(state.status), `job ${id} is ${state.status}`);
  const ends = [...store.ends(id, 0)];
  const answers = new Set([...store.answers(id, 0)].map(({ ordinal }) => ordinal));
  const count = (status: string) => ends.filter((end) => end.status === status).length;
  world.ensure(answers.size === ends.length, `job ${id} has ${answers.size} answers to ${ends.length} ends`);
  for (const { ordinal, index } of ends) {
    world.ensure(answers.has(ordinal) && ordinal < state.answerCount, `task ${id}/${index} has no answer`);
  }
  world.ensure(count('completed') === state.ends.completed, `job ${id} miscounts what completed`);
  world.ensure(count('failed') === state.ends.failed, `job ${id} miscounts what failed`);
  world.ensure(count('killed') <= state.ends.killed, `job ${id} miscounts what was killed`);
  const { completed, failed, killed } = state.ends;
  world.ensure(completed + failed + killed === state.taskCount, `job ${id} has lost tasks`);
  if (state.status === 'completed') {
    // A coordinator may end its job when it has enough; then it has an answer itself.
    const isComplete = spec.detached
      ? store.end(id, 0)?.status === 'completed'
      : completed === state.taskCount;
    world.ensure(isComplete, `job ${id} is not complete`);
  }
  checkAfter(world, id);
  for (const { index, status } of ends) {
    if (status !== 'failed') continue;
    const failures = store.failures(id, index).filter(({ attempt }) => attempt >= state.firstAttempt);
    const { maxAttempts } = spec.limits;
    const isTrue = failures.length === maxAttempts;
    world.ensure(isTrue, `task ${id}/${index} failed after ${failures.length} of ${maxAttempts} failures`);
  }
}

/** It was completed behind all that it names; or says which of them it failed with. */
function checkAfter(world: World, id: number): void {
  const { state, spec } = world.store.job(id) ?? {};
  for (const job of state?.status === 'completed' ? (spec?.after ?? []) : []) {
    const isOver = world.completed.has(job) || world.forgotten.has(job);
    world.ensure(isOver, `job ${id} was completed, and job ${job} before it was not`);
  }
  const [, named] =
    /^Job (\d+) .*, which it waits for, (?:failed|was killed)/.exec(state?.reason ?? '') ?? [];
  if (named !== undefined) world.ensure(world.lost.has(Number(named)), `job ${id} blames job ${named}`);
}

/** A client knows what the server knows. */
function checkHandle(world: World, client: SimClient, handle: Handle): void {
  const { id, problem, ledger, plan } = handle;
  if (id === undefined) {
    world.ensure(problem !== undefined, `${client.name}'s job ${handle.seq} was neither taken nor refused`);
    return;
  }
  const record = world.store.job(id);
  if (record === undefined) {
    world.ensure(world.forgotten.has(id), `job ${id} was accepted and is gone`);
    return;
  }
  const { state } = record;
  if (state.generation !== handle.generation) return;
  world.ensure(
    handle.status === state.status,
    `${client.name} takes job ${id} for ${handle.status}, not ${state.status}`,
  );
  for (const { index, attempt } of world.store.ends(id, 0)) {
    const known = ledger.answer(index);
    world.ensure(
      known?.attempt === attempt,
      `${client.name} has not the answer to ${id}/${index} that was recorded`,
    );
  }
  if (state.status === 'completed' && plan.coordinator !== undefined) {
    world.ensure(
      ledger.answer(0) !== undefined,
      `${client.name} does not know that job ${id} was coordinated`,
    );
  } else if (state.status === 'completed') {
    // A job that was killed before it was closed runs again with the tasks that had come.
    const isWhole = state.taskCount === plan.tasks.length || state.generation > 0;
    world.ensure(isWhole, `job ${id} completed without some of its tasks`);
    world.ensure(ledger.count === state.taskCount, `${client.name} has ${ledger.count} answers of job ${id}`);
  }
}
