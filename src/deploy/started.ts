import type { Program, StopOptions } from './program.js';

/** What this process started, so that `stopAll` finds it. */
export interface Started {
  readonly kind: 'server' | 'worker';
  readonly directory: string;
  readonly handle: { stop(options?: StopOptions): Promise<void> };
  readonly program: Program;
}

const started = new Set<Started>();

export function noteStarted(entry: Started): void {
  started.add(entry);
  void entry.program.ended.then(() => started.delete(entry));
}

/** What still runs, in one directory or in all. */
export function startedHere(directory?: string): Started[] {
  return [...started].filter((entry) => directory === undefined || entry.directory === directory);
}
