import { memoryMb, readOrEmpty, withDescendants } from './proc.js';

/** How often it looks: the kernel keeps each process's peak, so only what begins and ends in between is missed. */
const LOOK_MS = 250;

/** The most memory that a process of each group has had in RAM, in MB (10^6 bytes). Linux only. */
export class MemoryWatch<Group extends string> {
  readonly #groups: Readonly<Record<Group, () => readonly number[]>>;
  readonly #peaks = new Map<string, number>();
  readonly #timer: NodeJS.Timeout;

  /** @param groups which processes there are now, by their numbers */
  constructor(groups: Readonly<Record<Group, () => readonly number[]>>) {
    this.#groups = groups;
    this.#timer = setInterval(() => {
      this.#look();
    }, LOOK_MS);
  }

  /** Looks once more, and no more. NaN for a group that had no process. */
  stop(): Readonly<Record<Group, number>> {
    clearInterval(this.#timer);
    this.#look();
    const names = Object.keys(this.#groups) as Group[];
    return Object.fromEntries(names.map((name) => [name, this.#peaks.get(name) ?? NaN])) as Record<
      Group,
      number
    >;
  }

  #look(): void {
    for (const [name, pids] of Object.entries<() => readonly number[]>(this.#groups)) {
      for (const pid of pids()) {
        const peak = (memoryMb(pid).peak * 2 ** 20) / 1e6;
        if (peak > (this.#peaks.get(name) ?? 0)) this.#peaks.set(name, peak);
      }
    }
  }
}

/** Those below a process, without itself. */
export function descendants(pid: number | undefined): number[] {
  return pid === undefined ? [] : withDescendants(pid).slice(1);
}

/** Whether a process was started with this among its arguments. */
export function hasArgument(pid: number, argument: string): boolean {
  return readOrEmpty(`/proc/${pid}/cmdline`).split('\0').includes(argument);
}
