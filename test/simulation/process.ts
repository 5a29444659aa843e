import type { World } from './world.js';

/**
 * A process that can be stopped and continued, as SIGSTOP and SIGCONT do it: while it stands still, what
 * comes for it waits. Once it has ended, nothing reaches it.
 */
export class Process {
  readonly world: World;
  readonly name: string;
  isAlive = true;
  #isStopped = false;
  #inbox: (() => void)[] = [];

  constructor(world: World, name: string) {
    this.world = world;
    this.name = name;
  }

  get isRunning(): boolean {
    return this.isAlive && !this.#isStopped;
  }

  /** Runs `task` in this process: at once, when it is continued, or never. */
  within(task: () => void): void {
    if (!this.isAlive) return;
    if (this.#isStopped) this.#inbox.push(task);
    else task();
  }

  /** Runs `task` in this process after a while. */
  after(delayMs: number, task: () => void): { cancel(): void } {
    return this.world.time.after(delayMs, () => {
      this.within(task);
    });
  }

  stopFor(ms: number): void {
    if (!this.isRunning) return;
    this.log(`is stopped for ${ms.toFixed(0)} ms`);
    this.#isStopped = true;
    this.world.time.after(ms, () => {
      this.#continue();
    });
  }

  end(): void {
    this.isAlive = false;
    this.#inbox = [];
  }

  log(what: string): void {
    this.world.log(`${this.name} ${what}`);
  }

  #continue(): void {
    if (!this.isAlive || !this.#isStopped) return;
    this.log('goes on');
    this.#isStopped = false;
    const inbox = this.#inbox;
    this.#inbox = [];
    for (const task of inbox) this.within(task);
  }
}
