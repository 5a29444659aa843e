import { asDsageError } from '../model/errors.js';
import type { BlobRef, Payload } from '../model/job.js';
import { blobToMessage, bufferOf } from '../wire/convert.js';
import type { JobSpec } from '../wire/gen/dsage/v1/types.js';
import { PackedTasksWriter } from '../wire/packed.js';
import { EMPTY_PAYLOAD } from '../wire/payload.js';
import { numbersOf, numbersSoon } from './after.js';
import type { CheckedReference } from './after.js';
import type { Part } from './core/outbox-entry.js';
import type { CheckedFile } from './files.js';
import { uploadFiles } from './files.js';
import type { CheckedOptions } from './options.js';
import type { Connection, TrackedJob } from './tracked-job.js';

/** A job that has been checked and can be submitted. */
export interface Draft {
  readonly kind: string;
  readonly evaluator: string;
  readonly summary: string;
  /** What the worker's child is to run: a value that travels. Empty when it is in a module. */
  readonly program: Uint8Array;
  readonly options: CheckedOptions;
  readonly files: readonly CheckedFile[];
  /** A module that the program is in, and that is made ready first. */
  readonly module?: Promise<DraftModule>;
  readonly after: readonly CheckedReference[];
}

/** What a draft turns out to run once its module is bundled. */
export interface DraftModule {
  readonly program: Uint8Array;
  readonly bundle: Uint8Array | undefined;
}

const SUMMARY_LENGTH = 120;
/** Shared, since a writer's buffer costs more than what one small task needs. */
const writer = new PackedTasksWriter();
/** One task without an input, as every job of a code string has. */
const EMPTY_PART = packed(EMPTY_PAYLOAD);

/** The first line that says something, for tables. */
export function summaryOf(text: string): string {
  const line = /\S.*/.exec(text)?.[0] ?? '';
  return line.trimEnd().slice(0, SUMMARY_LENGTH);
}

/** The only task of a job, packed. */
export function partOf(payload: Payload): Part {
  if (payload.length === 0) return EMPTY_PART;
  return packed(payload);
}

function packed(payload: Payload): Part {
  writer.add(payload);
  return { count: 1, packedTasks: writer.take() };
}

/**
 * Submits a job. What is large is stored on the server first, in the background, and jobs that it waits for get
 * their numbers: then the job follows, or fails with what went wrong. Throws only what the session throws when it has ended.
 */
export function submitDraft(
  tracked: TrackedJob,
  draft: Draft,
  tasks: { readonly part: Part | Promise<Part>; readonly closed: boolean },
  onSubmitted: (seq: number) => void = () => undefined,
): void {
  const { connection } = tracked;
  const program = connection.blobs.payload(draft.program);
  const after = numbersOf(draft.after);
  const submit = (spec: JobSpec, part: Part, numbers: readonly number[]): void => {
    if (numbers.length > 0) spec.after = [...numbers];
    tracked.seq = connection.session.submit({ spec, part, closed: tasks.closed }, tracked);
    onSubmitted(tracked.seq);
  };
  const isReady = after !== undefined && draft.module === undefined && draft.files.length === 0;
  if (isReady && !(program instanceof Promise) && !(tasks.part instanceof Promise)) {
    submit(specOf(draft, program, {}), tasks.part, after);
    return;
  }
  if (connection.session.ended !== undefined) throw connection.session.ended;
  const prepared = prepare(connection, draft, { program, part: tasks.part });
  const submitted = Promise.all([prepared, numbersSoon(draft.after)])
    .then(([{ spec, part }, numbers]) => submit(spec, part, numbers))
    .catch((error: unknown) => tracked.fail(asDsageError(error)));
  connection.session.expect(submitted);
}

/** What a draft is on the wire, once all that it needs is on the server. */
export async function prepareSpec(connection: Connection, draft: Draft): Promise<JobSpec> {
  const program = connection.blobs.payload(draft.program);
  const [{ spec }, after] = await Promise.all([
    prepare(connection, draft, { program, part: partOf(EMPTY_PAYLOAD) }),
    numbersSoon(draft.after),
  ]);
  return { ...spec, after: [...after] };
}

async function prepare(
  { blobs }: Connection,
  draft: Draft,
  parts: { readonly program: Payload | Promise<Payload>; readonly part: Part | Promise<Part> },
): Promise<{ spec: JobSpec; part: Part }> {
  const [module, program, part, attachments] = await Promise.all([
    draft.module,
    parts.program,
    parts.part,
    uploadFiles(draft.files, blobs),
  ]);
  if (module === undefined) return { spec: specOf(draft, program, { attachments }), part };
  const bundle = module.bundle && (await blobs.put(module.bundle));
  return { spec: specOf(draft, await blobs.payload(module.program), { attachments, bundle }), part };
}

interface Uploaded {
  readonly attachments?: JobSpec['attachments'];
  readonly bundle?: BlobRef | undefined;
}

function specOf(draft: Draft, program: Payload, { attachments = [], bundle }: Uploaded): JobSpec {
  const { kind, evaluator, summary, options } = draft;
  const { name, priority, limits, labels, resources, ttlMs } = options;
  return {
    name,
    kind,
    evaluator,
    priority,
    limits,
    labels,
    resources,
    program: bufferOf(program),
    attachments,
    ttlMs,
    summary,
    after: [],
    bundle: bundle && blobToMessage(bundle),
    detached: false,
  };
}
