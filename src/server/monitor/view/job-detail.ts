import { DsageError } from '../../../model/errors.js';
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

/** A program is read whole: one that is larger is not shown. */
const MOST_PROGRAM_BYTES = 16 * 1_048_576;

type Program = Readonly<Record<string, unknown>>;

/** What a job runs, decoded. Throws `limit-exceeded` where it is too much to be looked into. */
export async function programOf({ blobs }: MonitorServices, { record }: JobView): Promise<Program> {
  const content = readPayload(record.spec.program);
  if (content.type === 'none') return {};
  if (content.type === 'inline') return objectOf(content.bytes);
  if (content.ref.sizeBytes > MOST_PROGRAM_BYTES) {
    throw new DsageError(
      'limit-exceeded',
      `The program has ${String(content.ref.sizeBytes)} bytes, and is shown up to ${String(MOST_PROGRAM_BYTES)}.`,
    );
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of blobs.open(content.ref)) chunks.push(chunk);
  return objectOf(Buffer.concat(chunks));
}

/** The code as people read it; a class or function of a module that workers have is only named. */
export function programText(program: Program, { record }: JobView): string {
  for (const name of ['code', 'source'] as const) {
    const text = program[name];
    if (typeof text === 'string') return text;
  }
  const { home, export: exported } = program;
  const { path, specifier } = (home ?? {}) as Program;
  const module = [specifier, path].find((it) => typeof it === 'string');
  const name = typeof exported === 'string' ? exported : record.spec.summary;
  return module === undefined ? name : `import { ${name} } from '${module}';`;
}

/** What a class was made with, or the variables of a code string; undefined where there is nothing of the kind. */
export function parametersOf({ parameters, vars, scope }: Program): unknown {
  return parameters ?? vars ?? scope;
}

function objectOf(bytes: Uint8Array): Program {
  const program = decodeValue(bytes);
  return typeof program === 'object' && program !== null ? (program as Program) : {};
}
