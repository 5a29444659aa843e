import { Channel, endProcessGroup } from './channel.js';
import { TaskDirectory } from './directory.js';
import type { FrameBody } from './frames.js';
import { FRAME, writeBare } from './frames.js';
import { TaskLoop } from './loop.js';
import { CpuMeter, MemoryMeter } from './usage.js';
import { readAbort, readProgram, readTask, readTickets } from './messages.js';
import type { TaskMessage } from './messages.js';
import { TaskOutput } from './output.js';
import { Program } from './programs.js';
import type { ChildSettings } from './settings.js';
import { Traces } from './traces.js';
import { watchParent } from './watchdog.js';

/** The program of a slot's child process: see src/worker/runner/task-child.ts for the other side. */
function main(settings: ChildSettings): void {
  // It died before anything here could notice.
  if (process.ppid !== settings.parentPid) endProcessGroup();
  const channel = new Channel();
  const output = new TaskOutput(channel);
  const traces = new Traces();
  const loop = new TaskLoop({
    channel,
    output,
    traces,
    directory: new TaskDirectory(settings.directory, settings.workDirectory),
    memory: new MemoryMeter(),
    cpu: new CpuMeter(),
    workDirectory: settings.workDirectory,
  });
  output.install();
  if (settings.watchdog) watchParent(settings.parentPid);
  process.on('uncaughtException', (error) => loop.uncaught(error));
  process.on('unhandledRejection', (reason) => loop.uncaught(reason));
  process.on('exit', () => loop.flush());

  const programs = new Map<number, Program>();
  channel.listen((type, body) => obey(type, body, { loop, programs, settings }));
  setImmediate(() => {
    traces.begin();
    writeBare(channel.writer, FRAME.ready);
    channel.flush();
  });
}

interface Subjects {
  readonly loop: TaskLoop;
  readonly programs: Map<number, Program>;
  readonly settings: ChildSettings;
}

function obey(type: number, body: FrameBody, { loop, programs, settings }: Subjects): void {
  switch (type) {
    case FRAME.program: {
      const message = readProgram(body);
      programs.set(message.id, new Program(message, settings));
      return;
    }
    case FRAME.run: {
      const program = programs.get(body.u32());
      if (program === undefined) throw new Error('The slot sent tasks of a program that it did not send.');
      const tasks: TaskMessage[] = [];
      while (!body.atEnd) tasks.push(readTask(body));
      loop.add(program, tasks);
      return;
    }
    case FRAME.revoke:
      loop.revoke(readTickets(body));
      return;
    case FRAME.abort:
      loop.abort(readAbort(body));
      return;
    case FRAME.forget:
      programs.delete(body.u32());
      return;
    case FRAME.exit:
      process.exit(0);
      return;
    default:
      throw new Error(`The slot sent a frame of the unknown type ${type}.`);
  }
}

main(JSON.parse(process.argv.at(-1) ?? '{}') as ChildSettings);
