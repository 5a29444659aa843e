import { messageOf } from '../../model/errors.js';
import { beginRun, writeTask } from '../child/messages.js';
import type { Source } from '../child/messages.js';
import type { Entry } from './entry.js';
import { sourceOf } from './program-table.js';
import type { ProgramTable } from './program-table.js';
import type { Queue } from './queue.js';
import type { Fault } from './reports.js';
import type { TaskChild } from './task-child.js';

/** A longer frame is cut: inputs of many tasks can be large together. */
const FRAME_BYTES = 1024 * 1024;

export interface Passage {
  readonly held: Queue<Entry>;
  readonly sent: Queue<Entry>;
  readonly child: TaskChild;
  readonly programs: ProgramTable;
}

/**
 * Moves the next tasks that share a program from `held` to `sent`, and writes the frame that has them. A task
 * whose input cannot be read is given to `onFault` instead.
 */
export function sendTasks(passage: Passage, onFault: (entry: Entry, fault: Fault) => void): void {
  const { held, sent, child, programs } = passage;
  const program = held.first?.program;
  if (program === undefined) return;
  const id = attempt(() => programs.idOf(program, child.writer));
  if (id.fault !== undefined) {
    const fault = id.fault;
    for (const entry of held.extract((one) => one.program === program)) onFault(entry, fault);
    return;
  }
  const { writer } = child;
  const start = writer.byteLength;
  beginRun(writer, id.value);
  for (let next = held.first; next?.program === program; next = held.first) {
    const { ticket, task } = next;
    const input = attempt<Source | undefined>(() => sourceOf(task.payload, program));
    held.shift();
    if (input.fault === undefined) {
      writeTask(writer, { ticket, index: task.index, attempt: task.attempt, input: input.value });
      sent.push(next);
    } else {
      onFault(next, input.fault);
    }
    if (writer.byteLength - start >= FRAME_BYTES) break;
  }
  writer.end();
}

type Attempted<T> = { readonly value: T; readonly fault?: never } | { readonly fault: Fault };

function attempt<T>(make: () => T): Attempted<T> {
  try {
    return { value: make() };
  } catch (error) {
    return { fault: { kind: 'setup', message: messageOf(error) } };
  }
}
