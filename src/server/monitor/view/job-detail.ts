import type { JobDetail } from '../../../model/monitor.js';
import { isFinal } from '../../../model/status.js';
import { decodeValue } from '../../../wire/codec.js';
import { readPayload } from '../../../wire/payload.js';
import { explain } from '../../core/explain.js';
import type { JobView } from '../../views.js';
import type { MonitorServices } from '../monitor-services.js';
import { bytesOf, resultOf } from './values.js';

const MOST_WORKERS = 50;

/** All that is known of one job. */
export function jobDetail(services: MonitorServices, view: JobView): JobDetail {
  const { live, engine } = services;
  const { spec, state, id } = view.record;
  const why = isFinal(view.status) ? undefined : explain(engine.state, id);
  const isWaiting = why !== undefined && view.status !== 'processing';
  const lacking = why?.workers.filter(({ canRun }) => !canRun) ?? [];
  return {
    ...live.summary(view.record),
    limits: spec.limits,
    resources: spec.resources,
    after: spec.after ?? [],
    ttlMs: spec.ttlMs,
    generation: state.generation,
    answerCount: state.answerCount,
    resultBytes: bytesOf(resultOf(services, view)),
    hasOutput: state.hasOutput,
    why: isWaiting || (engine.state.jobs.get(id)?.waiting.size ?? 0) > 0 ? (why?.reasons ?? []) : [],
    workersLack: lacking.slice(0, MOST_WORKERS).map(({ worker, name, reason }) => ({ worker, name, reason })),
  };
}

/** The code of a job as people read it; a class or function of a module that workers have is only named. */
export function programText(view: JobView): string {
  const program = programOf(view);
  for (const name of ['code', 'source'] as const) {
    const text = program[name];
    if (typeof text === 'string') return text;
  }
  const { home, export: exported } = program;
  const { path, specifier } = (home ?? {}) as Readonly<Record<string, unknown>>;
  const module = [specifier, path].find((it) => typeof it === 'string');
  const name = typeof exported === 'string' ? exported : view.record.spec.summary;
  return module === undefined ? name : `import { ${name} } from '${module}';`;
}

/** What a class was made with, or the variables of a code string; undefined where there is nothing of the kind. */
export function parametersOf(view: JobView): unknown {
  const { parameters, vars, scope } = programOf(view);
  return parameters ?? vars ?? scope;
}

function programOf({ record }: JobView): Readonly<Record<string, unknown>> {
  const content = readPayload(record.spec.program);
  // One that is too large for a message is a blob, and is only named.
  const program = content.type === 'inline' ? decodeValue(content.bytes) : undefined;
  return typeof program === 'object' && program !== null ? (program as Record<string, unknown>) : {};
}
