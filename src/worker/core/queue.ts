import type { Held, Queue } from './state.js';

/** The lease that is next, or undefined when none waits. */
export function peek(queue: Queue): Held | undefined {
  for (;;) {
    const held = queue.items[queue.head];
    if (held === undefined) {
      queue.items = [];
      queue.head = 0;
      return undefined;
    }
    if (held.place === 'queued') return held;
    queue.head += 1;
  }
}

/** Takes out what `peek` returned. */
export function takeHead(queue: Queue): void {
  queue.head += 1;
  // Half of the array is used up: give the memory back, at a cost that is constant per lease.
  if (queue.head > 1024 && queue.head * 2 > queue.items.length) {
    queue.items = queue.items.slice(queue.head);
    queue.head = 0;
  }
}

export function append(queue: Queue, held: Held): void {
  queue.items.push(held);
}

/** Leases that come back from a slot go before all others: they have waited longest. */
export function putBack(queue: Queue, helds: readonly Held[]): void {
  queue.items = [...helds, ...queue.items.slice(queue.head)];
  queue.head = 0;
}

export function queuedLeases(queue: Queue): Held[] {
  return queue.items.slice(queue.head).filter((held) => held.place === 'queued');
}
