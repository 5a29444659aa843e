import { StringDecoder } from 'node:string_decoder';

import { readOutput } from './output.js';
import type { Rpc } from './rpc.js';
import type { Session } from './session.js';

export interface OutputOptions {
  /** Only this task. */
  readonly index?: number;
  /** Go on until the job ends; otherwise only what is there already. */
  readonly follow?: boolean;
  /** Only the last bytes of each task. */
  readonly tailBytes?: number;
}

/** A piece of what a task wrote. */
export interface OutputPiece {
  readonly index: number;
  readonly attempt: number;
  readonly stderr: boolean;
  readonly text: string;
}

/** A job's output as text. A character that was cut in two by a chunk's end comes whole with the next. */
export async function* followOutput(
  connection: { readonly rpc: Rpc; readonly session: Session },
  job: number,
  options: OutputOptions,
): AsyncGenerator<OutputPiece, void, void> {
  const decoders = new Map<string, StringDecoder>();
  for await (const { index, attempt, stderr, data } of readOutput(connection, { job, ...options })) {
    const key = `${index}/${attempt}/${stderr ? 2 : 1}`;
    let decoder = decoders.get(key);
    if (decoder === undefined) decoders.set(key, (decoder = new StringDecoder()));
    const text = decoder.write(data);
    if (text !== '') yield { index, attempt, stderr, text };
  }
}
