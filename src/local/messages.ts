/** What a pool says to one of its threads. */
export type ToThread =
  | {
      readonly type: 'program';
      readonly id: number;
      readonly evaluator: string;
      readonly program: Uint8Array;
    }
  | { readonly type: 'run'; readonly program: number; readonly input: Uint8Array; readonly index: number }
  | { readonly type: 'abort'; readonly message: string };

/** What a thread says to its pool, about the only task that it runs. */
export type FromThread =
  /** The CBOR of what the task returned. */
  | { readonly type: 'returned'; readonly answer: Uint8Array }
  /** The CBOR of a ThreadFailure. */
  | { readonly type: 'failed'; readonly failure: Uint8Array };

/** Why a task failed, with what it threw. */
export interface ThreadFailure {
  readonly message: string;
  readonly error?: unknown;
}

/** A copy that has its memory to itself, which can then be moved to another thread. */
export function movable(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  // The codec's bytes lie in a buffer that it goes on using; all of that would be copied along.
  return new Uint8Array(bytes);
}
