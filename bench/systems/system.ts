/** A system that runs tasks: dsage, or a peer of it. */
export interface System {
  readonly name: string;
  /** Why it cannot run here: what to install. Undefined when it can. */
  missing(): string | undefined;
  /** In fresh directories and on free ports, with two worker processes unless it says otherwise. */
  start(): Promise<RunningSystem>;
}

export interface RunningSystem {
  /** Submits so many no-op tasks at once and collects what they return. Tasks per second, from first to last. */
  throughput(tasks: number): Promise<number>;
  /** One task after another, each submitted when the one before it has returned. Milliseconds of each. */
  latency(samples: number): Promise<number[]>;
  /** Ends all its processes and removes what it wrote. */
  stop(): Promise<void>;
}
