import type { Channel } from './channel.js';
import type { TaskDirectory } from './directory.js';
import type { CpuMeter, MemoryMeter } from './usage.js';
import type { TaskOutput } from './output.js';
import type { Traces } from './traces.js';

/** What the child has once, and every task uses. */
export interface ChildParts {
  readonly channel: Channel;
  readonly output: TaskOutput;
  readonly directory: TaskDirectory;
  readonly traces: Traces;
  readonly memory: MemoryMeter;
  readonly cpu: CpuMeter;
  /** Where large answers and the folders of failed tasks go. */
  readonly workDirectory: string;
}
