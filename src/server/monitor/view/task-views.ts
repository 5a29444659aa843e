import { chainOf } from '../../../model/errors.js';
import type { JobId, TaskIndex } from '../../../model/job.js';
import type { AttemptView, TaskDetail, TaskRow } from '../../../model/monitor.js';
import type { Failure } from '../../../model/task.js';
import { decodeValue } from '../../../wire/codec.js';
import { readAnswerRecord } from '../../../wire/packed.js';
import { readPayload } from '../../../wire/payload.js';
import type { JobView, TaskView } from '../../views.js';
import type { MonitorServices } from '../monitor-services.js';
import { bytesOf } from './values.js';

/** A task in a list. */
export function taskRow(services: MonitorServices, job: JobId, task: TaskView): TaskRow {
  const { index, status, attempt, worker, meta, progress } = task;
  const live = services.engine.state.jobs.get(job);
  return {
    ...{ index, status, attempt, worker },
    startedAtMs: meta?.startedAtMs ?? live?.starts.get(index) ?? 0,
    wallMs: (meta?.wallUs ?? 0) / 1_000,
    cpuMs: (meta?.cpuUs ?? 0) / 1_000,
    peakMemoryKb: meta?.peakMemoryKb ?? 0,
    progress,
  };
}

/** A task with all its attempts: those that failed, and the last one. */
export function taskDetail(services: MonitorServices, view: JobView, index: TaskIndex): TaskDetail {
  const { engine, views } = services;
  const { id } = view.record;
  const task = taskRow(services, id, views.task(view, index));
  const attempts = engine.store
    .failures(id, index)
    .map(({ attempt, failure }) => failedAttempt(services, attempt, failure));
  const last = attempts.at(-1);
  if (task.attempt > 0 && last?.attempt !== task.attempt) attempts.push(lastAttempt(task));
  else if (last !== undefined && task.attempt > 0)
    attempts[attempts.length - 1] = { ...last, ...timesOf(task), status: task.status };
  const end = engine.store.end(id, index);
  const record = end?.status === 'completed' ? engine.store.answer(id, end.ordinal) : undefined;
  return {
    task,
    attempts,
    inputBytes: bytesOf(engine.store.task(id, index)),
    answerBytes: record === undefined ? 0 : bytesOf(readAnswerRecord(record).payload),
  };
}

function lastAttempt(task: TaskRow): AttemptView {
  const nothing = { exitCode: null, signal: '', message: '', stack: '', outputTail: '' };
  return { attempt: task.attempt, status: task.status, ...timesOf(task), ...nothing };
}

function timesOf({ worker, startedAtMs, wallMs, peakMemoryKb }: TaskRow) {
  return { worker, startedAtMs, wallMs, peakMemoryKb };
}

/** A Failure is ours, and yet a worker wrote it: nothing in it is taken for granted. */
function failedAttempt({ engine }: MonitorServices, attempt: number, payload: Uint8Array): AttemptView {
  const failure = readFailure(payload);
  const name = text(failure.workerName);
  const worker = [...engine.state.workers.values()].find(({ info }) => info.name === name);
  return {
    attempt,
    status: failure.kind === 'killed' ? 'killed' : 'failed',
    worker: worker?.number ?? 0,
    startedAtMs: number(failure.startedAtMs) ?? 0,
    wallMs: number(failure.wallMs) ?? 0,
    peakMemoryKb: number(failure.peakMemoryKb) ?? 0,
    exitCode: number(failure.exitCode) ?? null,
    signal: text(failure.signal),
    message: text(failure.message) || 'its failure cannot be read',
    stack: text(
      chainOf(failure.error)
        .map(({ stack }) => text(stack))
        .join('\nCaused by: '),
    ),
    outputTail: text(failure.lastOutput),
  };
}

function readFailure(payload: Uint8Array): Partial<Record<keyof Failure, unknown>> {
  try {
    const content = readPayload(payload);
    const value = content.type === 'inline' ? decodeValue(content.bytes) : undefined;
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

/** Of a text without end as much as a page can show. */
const MOST_TEXT = 65_536;

function text(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, MOST_TEXT) : '';
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}
