import type { Process } from './process.js';
import type { World } from './world.js';

interface InFlight {
  readonly deliver: () => void;
  readonly timer: { cancel(): void };
}

/** One direction of a stream: messages arrive in order, each after a delay of its own. */
class Channel {
  readonly #world: World;
  readonly #to: Process;
  #inFlight: InFlight[] = [];
  #lastAtMs = 0;
  isBroken = false;

  constructor(world: World, to: Process) {
    this.#world = world;
    this.#to = to;
  }

  send(deliver: () => void): void {
    if (this.isBroken) return;
    const { time } = this.#world;
    const atMs = Math.max(this.#lastAtMs, time.nowMs + this.#world.networkDelay());
    this.#lastAtMs = atMs;
    const item: InFlight = {
      deliver,
      timer: time.at(atMs, () => {
        this.#inFlight.shift();
        this.#to.within(deliver);
      }),
    };
    this.#inFlight.push(item);
  }

  /** Loses the last of what is under way, how many is chance; the rest still arrives, and then `closed` does. */
  break(closed: () => void, losesNothing: boolean): void {
    if (this.isBroken) return;
    this.isBroken = true;
    const { random, time } = this.#world;
    const kept = losesNothing ? this.#inFlight.length : random.int(0, this.#inFlight.length);
    for (const { timer } of this.#inFlight.slice(kept)) timer.cancel();
    this.#inFlight = this.#inFlight.slice(0, kept);
    const quietMs = kept === 0 ? 0 : Math.max(0, this.#lastAtMs - time.nowMs);
    // A peer that vanishes is noticed at once, or much later: then both sides hold a stream for a while.
    time.after(quietMs + random.delay(0, this.#world.config.noticeMs), () => {
      this.#to.within(closed);
    });
  }
}

export interface End<In> {
  readonly process: Process;
  readonly onMessage: (message: In) => void;
  readonly onClosed: () => void;
}

/** A stream between a client's or worker's process and the server's. */
export class Connection<Up, Down> {
  readonly #near: End<Down>;
  readonly #far: End<Up>;
  readonly #up: Channel;
  readonly #down: Channel;
  readonly #closed = { near: false, far: false };

  /** @param near who opened it; @param far the server */
  constructor(world: World, near: End<Down>, far: End<Up>) {
    this.#near = near;
    this.#far = far;
    this.#up = new Channel(world, far.process);
    this.#down = new Channel(world, near.process);
  }

  /** From the one who opened it to the server. */
  sendUp(message: Up): void {
    this.#up.send(() => {
      if (!this.#closed.far) this.#far.onMessage(message);
    });
  }

  sendDown(message: Down): void {
    this.#down.send(() => {
      if (!this.#closed.near) this.#near.onMessage(message);
    });
  }

  /** Ends the stream for both; each notices in its own time. */
  break({ losesNothing = false } = {}): void {
    this.#down.break(() => {
      this.#close('near');
    }, losesNothing);
    this.#up.break(() => {
      this.#close('far');
    }, losesNothing);
  }

  #close(side: 'near' | 'far'): void {
    if (this.#closed[side]) return;
    this.#closed[side] = true;
    (side === 'near' ? this.#near : this.#far).onClosed();
  }
}
