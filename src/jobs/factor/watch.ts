/** What a task hears and says while it runs. */
export interface Watch {
  readonly signal: AbortSignal;
  readonly progress: (fraction: number) => void;
}
