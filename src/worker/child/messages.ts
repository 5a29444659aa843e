import type { Attempt, JobId, TaskIndex } from '../../model/job.js';
import { decodeValue, encodeValue } from '../../wire/codec.js';
import type { FrameBody, FrameWriter } from './frames.js';
import { FRAME } from './frames.js';

/** Bytes that come with the message, or the path of a file that has them. */
export type Source =
  { readonly type: 'inline'; readonly bytes: Uint8Array } | { readonly type: 'file'; readonly path: string };

/** Everything the tasks of one program share. */
export interface ProgramMessage {
  readonly id: number;
  readonly job: JobId;
  readonly kind: string;
  readonly evaluator: string;
  /** The job's first task is its coordinator. */
  readonly detached: boolean;
  readonly worker: number;
  readonly workerName: string;
  readonly host: string;
  readonly outputBytes: number;
  /** A task that leaves the child with more resident memory than this has it replaced. */
  readonly recycleAboveKb: number;
  /** CBOR of what the evaluator runs. */
  readonly program: Source;
  /** The file of the module that came with the job. */
  readonly bundle: string | undefined;
  readonly attachments: readonly { readonly path: string; readonly file: string }[];
}

/** One task to run; `ticket` is what the slot calls it. */
export interface TaskMessage {
  readonly ticket: number;
  readonly index: TaskIndex;
  readonly attempt: Attempt;
  /** CBOR of the task's input; undefined when there is none. */
  readonly input: Source | undefined;
}

const OUTCOME_CODE = { completed: 1, failed: 2 } as const;

const INPUT = { none: 0, inline: 1, file: 2 } as const;

export function writeProgram(writer: FrameWriter, message: ProgramMessage): void {
  writer.begin(FRAME.program).rest(encodeValue(message));
  writer.end();
}

export function readProgram(body: FrameBody): ProgramMessage {
  return decodeValue(body.rest()) as ProgramMessage;
}

/** Starts a frame of tasks of one program; `writeTask` adds each, `writer.end()` ends it. */
export function beginRun(writer: FrameWriter, programId: number): void {
  writer.begin(FRAME.run).u32(programId);
}

export function writeTask(writer: FrameWriter, task: TaskMessage): void {
  writer.u32(task.ticket).u32(task.index).u32(task.attempt);
  if (task.input === undefined) writer.u8(INPUT.none);
  else if (task.input.type === 'inline') writer.u8(INPUT.inline).bytes(task.input.bytes);
  else writer.u8(INPUT.file).text(task.input.path);
}

export function readTask(body: FrameBody): TaskMessage {
  const ticket = body.u32();
  const index = body.u32();
  const attempt = body.u32();
  return { ticket, index, attempt, input: readInput(body) };
}

function readInput(body: FrameBody): Source | undefined {
  const form = body.u8();
  if (form === INPUT.none) return undefined;
  return form === INPUT.inline
    ? { type: 'inline', bytes: body.bytes() }
    : { type: 'file', path: body.text() };
}

/** A list of tickets: of tasks not to start, or (from the child) of those that will not start. */
export function writeTickets(
  writer: FrameWriter,
  type: typeof FRAME.revoke | typeof FRAME.revoked,
  tickets: readonly number[],
): void {
  writer.begin(type);
  for (const ticket of tickets) writer.u32(ticket);
  writer.end();
}

export function readTickets(body: FrameBody): number[] {
  const tickets: number[] = [];
  while (!body.atEnd) tickets.push(body.u32());
  return tickets;
}

export interface AbortMessage {
  readonly ticket: number;
  readonly code: 'timeout' | 'killed';
  readonly reason: string;
}

export function writeAbort(writer: FrameWriter, { ticket, code, reason }: AbortMessage): void {
  writer
    .begin(FRAME.abort)
    .u32(ticket)
    .u8(code === 'timeout' ? 1 : 0)
    .text(reason);
  writer.end();
}

export function readAbort(body: FrameBody): AbortMessage {
  const ticket = body.u32();
  const code = body.u8() === 1 ? 'timeout' : 'killed';
  return { ticket, code, reason: body.text() };
}

export interface EndedMessage {
  readonly ticket: number;
  readonly completed: boolean;
  readonly wallUs: number;
  /** Where the answer is, when it is too large for the record. */
  readonly file: string;
  readonly record: Uint8Array;
}

export function writeEnded(writer: FrameWriter, message: EndedMessage): void {
  writer
    .begin(FRAME.ended)
    .u32(message.ticket)
    .u8(message.completed ? OUTCOME_CODE.completed : OUTCOME_CODE.failed)
    .f64(message.wallUs)
    .text(message.file)
    .rest(message.record);
  writer.end();
}

export function readEnded(body: FrameBody): EndedMessage {
  const ticket = body.u32();
  const completed = body.u8() === OUTCOME_CODE.completed;
  const wallUs = body.f64();
  const file = body.text();
  return { ticket, completed, wallUs, file, record: body.rest() };
}

export interface OutputMessage {
  readonly ticket: number;
  readonly stderr: boolean;
  readonly bytes: Buffer;
}

export function writeOutput(writer: FrameWriter, ticket: number, stderr: boolean, bytes: Uint8Array): void {
  writer
    .begin(FRAME.output)
    .u32(ticket)
    .u8(stderr ? 1 : 0)
    .rest(bytes);
  writer.end();
}

export function readOutput(body: FrameBody): OutputMessage {
  const ticket = body.u32();
  const stderr = body.u8() === 1;
  return { ticket, stderr, bytes: body.rest() };
}

export interface ProgressMessage {
  readonly ticket: number;
  readonly fraction: number;
}

export function writeProgress(writer: FrameWriter, { ticket, fraction }: ProgressMessage): void {
  writer.begin(FRAME.progress).u32(ticket).f64(fraction);
  writer.end();
}

export function readProgress(body: FrameBody): ProgressMessage {
  return { ticket: body.u32(), fraction: body.f64() };
}

export interface LogMessage {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
}

const LEVELS: readonly LogMessage['level'][] = ['info', 'warn', 'error'];

export function writeLog(writer: FrameWriter, { level, message }: LogMessage): void {
  writer.begin(FRAME.log).u8(LEVELS.indexOf(level)).text(message);
  writer.end();
}

export function readLog(body: FrameBody): LogMessage {
  const level = LEVELS[body.u8()] ?? 'info';
  return { level, message: body.text() };
}
