import type { ServerResponse } from 'node:http';

import type { Context } from 'koa';

/** A reader that has so much before it is not sent more: what waits in memory must be bounded. */
const MOST_WAITING_BYTES = 1_048_576;
/** Then it is let go: its page connects again when it can. */
const SLOW_MS = 30_000;

/** One viewer's open answer of the type text/event-stream. */
export class EventStream {
  readonly #response: ServerResponse;
  readonly #onClose: (() => void)[] = [];
  #slowSince = 0;
  #isClosed = false;

  /** Takes the answer over from Koa: what is written is on its way, and what is not read is seen here. */
  constructor(ctx: Context) {
    ctx.respond = false;
    this.#response = ctx.res;
    ctx.req.socket.setNoDelay(true);
    ctx.res.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    ctx.res.flushHeaders();
    const closed = () => {
      this.#closed();
    };
    ctx.res.once('close', closed);
    ctx.res.once('error', closed);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Too much waits for it: it gets nothing now, and the whole anew once it has read. */
  get isBehind(): boolean {
    return this.#response.writableLength > MOST_WAITING_BYTES;
  }

  /** What must leave now may find the viewer gone. */
  write(message: Buffer | string): void {
    if (!this.#isClosed) this.#response.write(message);
  }

  /** Called now and then: ends the answer of one that has not read for long. */
  check(nowMs: number): void {
    if (!this.isBehind) this.#slowSince = 0;
    else if (this.#slowSince === 0) this.#slowSince = nowMs;
    else if (nowMs - this.#slowSince > SLOW_MS) this.#response.destroy();
  }

  onClose(listener: () => void): void {
    this.#onClose.push(listener);
  }

  /** Idempotent. */
  close(): void {
    if (this.#isClosed) return;
    if (this.isBehind) this.#response.destroy();
    else this.#response.end();
    this.#closed();
  }

  #closed(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const listener of this.#onClose) listener();
  }
}
