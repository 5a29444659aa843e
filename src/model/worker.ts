/** What a worker says of itself when it registers. */
export interface WorkerInfo {
  readonly name: string;
  readonly host: string;
  readonly pid: number;
  readonly slots: number;
  readonly labels: readonly string[];
  readonly resources: Readonly<Record<string, number>>;
  readonly evaluators: readonly string[];
  readonly cpuModel: string;
  readonly cpuCount: number;
  readonly memoryMb: number;
  readonly nodeVersion: string;
  readonly packageVersion: string;
  readonly platform: string;
  /** Measured at start on one core: millions of 64-bit modular multiplications per second. */
  readonly speedMmps: number;
  /** How many coordinators of detached jobs it runs at once, beside its slots. */
  readonly coordinators: number;
}

/** The server's number for a worker, as tables show it. */
export type WorkerNumber = number;
