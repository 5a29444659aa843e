/**
 * What one task can leave behind in the process for the next: global variables, changes of the environment,
 * event handlers, timers and open handles. Built-in objects that a task changes are not looked at.
 */
export class Traces {
  #globals = new Set(Object.keys(globalThis));
  #environment: Readonly<NodeJS.ProcessEnv> = { ...process.env };
  #environmentChanged = false;
  #handlers = 0;
  #resources: readonly string[] = [];

  /** Takes the process as it is now for clean. Call it from an immediate, when everything is set up. */
  begin(): void {
    this.#renewEnvironment();
    this.#handlers = process.eventNames().length;
    // Node may still be reading: what is over by itself soon is not counted.
    this.#resources = process.getActiveResourcesInfo().filter((name) => !name.startsWith('FSReq'));
  }

  /** What a module did while it was loaded stays: it is loaded once, and the tasks that use it count on that. */
  adopt(): void {
    this.#globals = new Set(Object.keys(globalThis));
    if (this.#environmentChanged) this.#environment = { ...process.env };
    this.begin();
  }

  /** Timers, sockets, processes and other things that would go on working. */
  get areActive(): boolean {
    return process.getActiveResourcesInfo().length > this.#resources.length;
  }

  /** What is active, for a log. */
  describeActive(): string {
    const names = process.getActiveResourcesInfo();
    for (const own of this.#resources) {
      const at = names.indexOf(own);
      if (at >= 0) names.splice(at, 1);
    }
    return [...new Set(names)].join(', ');
  }

  /** Removes what can be removed; false when something stays that the next task could notice. */
  clean(): boolean {
    if (this.#environmentChanged) this.#renewEnvironment();
    process.exitCode = undefined;
    return this.#cleanGlobals() && process.eventNames().length <= this.#handlers;
  }

  #cleanGlobals(): boolean {
    const names = Object.keys(globalThis);
    if (names.length === this.#globals.size) return true;
    return names.every((name) => this.#globals.has(name) || Reflect.deleteProperty(globalThis, name));
  }

  /** A copy that notices when it is changed: looking at every variable after every task would cost more. */
  #renewEnvironment(): void {
    const changed = (): void => {
      this.#environmentChanged = true;
    };
    process.env = new Proxy<NodeJS.ProcessEnv>(
      { ...this.#environment },
      {
        set(target, name, value) {
          changed();
          // As in Node's own, every value is a string.
          return Reflect.set(target, name, String(value));
        },
        defineProperty(target, name, descriptor) {
          changed();
          return Reflect.defineProperty(target, name, descriptor);
        },
        deleteProperty(target, name) {
          changed();
          return Reflect.deleteProperty(target, name);
        },
      },
    );
    this.#environmentChanged = false;
  }
}
