import { DsageError, messageOf } from '../../model/errors.js';
import type { Failure } from '../../model/task.js';
import { encodeValue } from '../../wire/codec.js';
import { readAnswerRecord, writeAnswerRecord } from '../../wire/packed.js';
import { inlinePayload, readPayload } from '../../wire/payload.js';
import type { EndedMessage } from '../child/messages.js';
import { describeEnding } from './ending.js';
import type { Ending } from './ending.js';
import type { Entry } from './entry.js';
import type { ChildExit } from './task-child.js';
import type { LargeAnswer, SlotOptions, TaskEnd } from './types.js';

/** What the slot knows of an end that the child could not, or must not, report itself. */
export type Fault = Pick<Failure, 'kind' | 'message' | 'exitCode' | 'signal' | 'directory'>;

/** Makes the answer of a task that failed or was killed, with its Failure. */
export function faultyEnd(entry: Entry, fault: Fault, options: SlotOptions): TaskEnd {
  const started = entry.headSinceMs > 0;
  const wallMs = started ? performance.now() - entry.headSinceMs : 0;
  const { lastOutput, peakMemoryKb } = entry;
  const failure: Failure = {
    ...fault,
    attempt: entry.task.attempt,
    workerName: options.workerName,
    host: options.host,
    ...(lastOutput === undefined ? {} : { lastOutput }),
    peakMemoryKb,
    wallMs,
    ...(started ? { startedAtMs: entry.startedAtMs } : {}),
  };
  const outcome = fault.kind === 'killed' ? 'killed' : 'failed';
  const wallUs = Math.round(wallMs * 1000);
  const record = writeAnswerRecord({
    index: entry.task.index,
    attempt: entry.task.attempt,
    outcome,
    worker: options.workerNumber(),
    startedAtMs: started ? entry.startedAtMs : Date.now(),
    wallUs,
    cpuUs: 0,
    peakMemoryKb,
    payload: inlinePayload(encodeValue(failure)),
  });
  return { outcome, record, wallUs };
}

/** Where the child has put an answer that is too large for its record. */
export function largeAnswerOf({ file, record }: EndedMessage): LargeAnswer {
  const content = readPayload(readAnswerRecord(record).payload);
  if (content.type !== 'blob')
    throw new DsageError('internal', 'A large answer has a record without a blob.');
  return { file, ref: content.ref };
}

/** True when the task had ended within its limits before anybody stopped it. */
export function endedInTime({ cause }: Ending, { completed, wallUs }: EndedMessage): boolean {
  return cause.kind === 'time-limit' && completed && wallUs <= cause.limitMs * 1000;
}

/** Why a task ended that was stopped from outside, and did so by itself. */
export function faultOfEnding(ending: Ending): Fault {
  return { kind: ending.cause.kind, message: describeEnding(ending) };
}

/** Why a task ended whose child is gone. */
export function faultOfExit(entry: Entry, exit: ChildExit, ending: Ending | undefined): Fault {
  const facts = {
    ...(exit.exitCode === null ? {} : { exitCode: exit.exitCode }),
    ...(exit.signal === null ? {} : { signal: exit.signal }),
  };
  if (ending?.entry === entry) return { ...faultOfEnding(ending), ...facts };
  if (entry.exhaustedHeap) return { kind: 'memory-limit', message: heapMessage(entry), ...facts };
  if (exit.signal !== null) return { kind: 'signal', message: signalMessage(exit.signal), ...facts };
  const message = `The task ended its process with exit code ${exit.exitCode ?? 'unknown'}.`;
  return { kind: 'exit', message, ...facts };
}

/** Why a task was ended whose child said what nobody can read. */
export function nonsenseFault(what: string): Fault {
  return { kind: 'exit', message: `The task disturbed the pipe to its process, which was ended. ${what}` };
}

/** Why no child could be started. */
export function startFault(exit: ChildExit, stderr: string | undefined): Fault {
  const how =
    exit.fault !== undefined
      ? messageOf(exit.fault)
      : exit.signal === null
        ? `it ended with exit code ${exit.exitCode ?? 'unknown'}`
        : `it was ended by ${exit.signal}`;
  const said = stderr === undefined ? '' : `, and wrote: ${stderr}`;
  return { kind: 'setup', message: `The worker could not start a process for the task: ${how}${said}` };
}

function heapMessage({ peakMemoryKb }: Entry): string {
  const peak = peakMemoryKb > 0 ? ` It had ${Math.ceil(peakMemoryKb / 1024)} MiB when last seen.` : '';
  return `The task exhausted the memory of its process: JavaScript heap out of memory.${peak}`;
}

function signalMessage(signal: NodeJS.Signals): string {
  const guess = signal === 'SIGKILL' ? '; the machine may have run out of memory' : '';
  return `The task's process was ended by ${signal}, which dsage did not send${guess}.`;
}
