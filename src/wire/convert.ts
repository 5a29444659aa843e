import { DsageError } from '../model/errors.js';
import type { Attachment, BlobRef, JobRecord, JobSpec, Limits, Payload, TaskCounts } from '../model/job.js';
import { DEFAULT_LIMITS, DEFAULT_PRIORITY } from '../model/job.js';
import type { JobStatus } from '../model/status.js';
import type { UserRecord } from '../model/user.js';
import type { WorkerInfo } from '../model/worker.js';
import type { User as UserMessage } from './gen/dsage/v1/server.js';
import { Status } from './gen/dsage/v1/types.js';
import type {
  Attachment as AttachmentMessage,
  BlobRef as BlobRefMessage,
  Job as JobMessage,
  JobSpec as JobSpecMessage,
  Limits as LimitsMessage,
} from './gen/dsage/v1/types.js';
import type { WorkerInfo as WorkerInfoMessage } from './gen/dsage/v1/worker.js';

/**
 * Records of the model as messages of the wire and back. What comes in is checked for its form only;
 * whether a label or a limit makes sense is decided by the core.
 */

const STATUS_MESSAGES: Readonly<Record<JobStatus, Status>> = {
  waiting: Status.WAITING,
  processing: Status.PROCESSING,
  completed: Status.COMPLETED,
  failed: Status.FAILED,
  killed: Status.KILLED,
  paused: Status.PAUSED,
};
const STATUSES = new Map<number, JobStatus>(
  Object.entries(STATUS_MESSAGES).map(([status, message]) => [message, status as JobStatus]),
);
const SHA256_BYTES = 32;

export function statusToMessage(status: JobStatus): Status {
  return STATUS_MESSAGES[status];
}

/** Throws `invalid-argument` for a status that this version does not know. */
export function statusFromMessage(status: Status): JobStatus {
  return STATUSES.get(status) ?? invalid(`Status ${String(status)} is unknown.`);
}

export function blobToMessage(ref: BlobRef): BlobRefMessage {
  return { sha256: Buffer.from(ref.sha256, 'hex'), sizeBytes: ref.sizeBytes };
}

/** Throws `invalid-argument` unless it holds a SHA-256. */
export function blobFromMessage(ref: BlobRefMessage | undefined): BlobRef {
  if (ref?.sha256.length !== SHA256_BYTES) {
    return invalid(`A blob is named by ${SHA256_BYTES} bytes of SHA-256, not by ${ref?.sha256.length ?? 0}.`);
  }
  return { sha256: ref.sha256.toString('hex'), sizeBytes: ref.sizeBytes };
}

export function attachmentToMessage({ path, blob }: Attachment): AttachmentMessage {
  return { path, blob: blobToMessage(blob) };
}

/** Throws `invalid-argument` for a path that leads out of the task's directory. */
export function attachmentFromMessage({ path, blob }: AttachmentMessage): Attachment {
  const parts = path.split(/[\\/]/);
  if (path === '' || path.includes('\0') || /^([\\/]|[A-Za-z]:)/.test(path) || parts.includes('..')) {
    return invalid(
      `'${path}' cannot be the path of an attached file: it must lead into the task's directory.`,
    );
  }
  return { path, blob: blobFromMessage(blob) };
}

export function limitsToMessage(limits: Limits): LimitsMessage {
  return { ...limits };
}

/**
 * Limits as they hold. 0 or a missing message stands for the default: 3 attempts, 1 MiB of output, and for
 * time, memory and failed tasks no limit, which 0 means to the model as well.
 */
export function limitsFromMessage(limits: LimitsMessage | undefined): Limits {
  if (limits === undefined) return DEFAULT_LIMITS;
  return {
    timeMs: limits.timeMs || DEFAULT_LIMITS.timeMs,
    memoryMb: limits.memoryMb || DEFAULT_LIMITS.memoryMb,
    maxAttempts: limits.maxAttempts || DEFAULT_LIMITS.maxAttempts,
    outputBytes: limits.outputBytes || DEFAULT_LIMITS.outputBytes,
    maxFailedTasks: limits.maxFailedTasks || DEFAULT_LIMITS.maxFailedTasks,
  };
}

export function jobSpecToMessage(spec: JobSpec): JobSpecMessage {
  return {
    name: spec.name,
    kind: spec.kind,
    evaluator: spec.evaluator,
    priority: spec.priority,
    limits: limitsToMessage(spec.limits),
    labels: [...spec.labels],
    resources: { ...spec.resources },
    program: bufferOf(spec.program),
    attachments: spec.attachments.map(attachmentToMessage),
    ttlMs: spec.ttlMs,
    summary: spec.summary,
    after: [...(spec.after ?? [])],
    bundle: spec.bundle === undefined ? undefined : blobToMessage(spec.bundle),
    detached: spec.detached ?? false,
  };
}

/** A priority of 0 and an empty evaluator stand for the defaults. The program is a view of the message. */
export function jobSpecFromMessage(spec: JobSpecMessage | undefined): JobSpec {
  if (spec === undefined) return invalid('A job without a specification cannot be submitted.');
  return {
    name: spec.name,
    kind: spec.kind,
    evaluator: spec.evaluator === '' ? 'javascript' : spec.evaluator,
    priority: spec.priority === 0 ? DEFAULT_PRIORITY : spec.priority,
    limits: limitsFromMessage(spec.limits),
    labels: spec.labels,
    resources: spec.resources,
    program: spec.program,
    attachments: spec.attachments.map(attachmentFromMessage),
    ttlMs: spec.ttlMs,
    summary: spec.summary,
    ...(spec.after.length === 0 ? {} : { after: spec.after }),
    ...(spec.bundle === undefined ? {} : { bundle: blobFromMessage(spec.bundle) }),
    ...(spec.detached ? { detached: true as const } : {}),
  };
}

/**
 * A job as tables and handles show it.
 *
 * @param processing how many of its tasks are leased now: the store does not keep that
 */
/** @param said what the job says of itself while it runs */
export function jobToMessage(
  { id, owner, spec, state }: JobRecord,
  processing: number,
  said: { readonly note: string; readonly fraction: number } = { note: '', fraction: -1 },
): JobMessage {
  const counts = countsOf(state.ends, state.taskCount, processing);
  const isProcessing = state.status === 'waiting' && processing > 0;
  return {
    id,
    owner,
    name: spec.name,
    kind: spec.kind,
    evaluator: spec.evaluator,
    priority: state.priority,
    status: statusToMessage(isProcessing ? 'processing' : state.status),
    counts,
    taskCount: state.taskCount,
    closed: state.closed,
    createdAtMs: state.createdAtMs,
    startedAtMs: state.startedAtMs,
    endedAtMs: state.endedAtMs,
    reason: state.reason,
    limits: limitsToMessage(spec.limits),
    labels: [...spec.labels],
    resources: { ...spec.resources },
    summary: spec.summary,
    ttlMs: spec.ttlMs,
    answerCount: state.answerCount,
    after: [...(spec.after ?? [])],
    detached: spec.detached ?? false,
    note: said.note,
    fraction: said.fraction,
  };
}

export function workerInfoToMessage(info: WorkerInfo): WorkerInfoMessage {
  return {
    ...info,
    labels: [...info.labels],
    resources: { ...info.resources },
    evaluators: [...info.evaluators],
  };
}

/** Throws `invalid-argument` for a worker that says nothing of itself. */
export function workerInfoFromMessage(info: WorkerInfoMessage | undefined): WorkerInfo {
  return info ?? invalid('A worker that registers must say what it is.');
}

export function userToMessage(user: UserRecord): UserMessage {
  const { name, role, enabled, createdAtMs } = user;
  return { name, role, enabled, createdAtMs, certificateSerials: [...user.serials] };
}

/** Throws `invalid-argument` for a role that no user can have. */
export function userFromMessage(user: UserMessage): UserRecord {
  const { name, enabled, createdAtMs, certificateSerials: serials } = user;
  return { name, role: userRoleFrom(user.role), enabled, createdAtMs, serials };
}

/** Throws `invalid-argument` unless it is `user`, `admin` or `worker`. */
export function userRoleFrom(role: string): UserRecord['role'] {
  if (role === 'user' || role === 'admin' || role === 'worker') return role;
  throw new DsageError('invalid-argument', `'${role}' is no role of a user.`, {
    hint: 'It can be user, admin or worker.',
  });
}

/** Bytes as the generated messages want them, without a copy. */
export function bufferOf(bytes: Payload): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

function countsOf(ends: JobRecord['state']['ends'], taskCount: number, processing: number): TaskCounts {
  const { completed, failed, killed } = ends;
  const waiting = Math.max(0, taskCount - completed - failed - killed - processing);
  return { waiting, processing, completed, failed, killed };
}

function invalid(message: string): never {
  throw new DsageError('invalid-argument', message);
}
