import { randomBytes } from 'node:crypto';

import { Feed, type Topic } from './feed.js';
import type { EventStream } from './stream.js';

const TICK_MS = 500;
const PING_TICKS = 20;
/** How long a topic's changes are kept for those who come back, and of how many topics. */
const KEPT_TICKS = 120;
const MOST_FEEDS = 2_000;

interface Room {
  readonly feed: Feed;
  readonly viewers: Map<EventStream, { isBehind: boolean }>;
  emptySince: number;
}

/**
 * Tells viewers what changes, all with one timer, which rests while nobody watches. A topic is read only while somebody
 * watches it, once for all who have the same rights, however many they are. Answers end with their connections.
 */
export class EventHub {
  readonly #now: () => number;
  readonly #epoch = randomBytes(6).toString('hex');
  readonly #rooms = new Map<string, Room>();
  /** Streams of others that want their ping too. */
  readonly #pinged = new Set<EventStream>();
  #feeds = 0;
  #ticks = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * The feed of a topic: to be asked for before the answer has begun, since the topic may refuse to be read.
   *
   * @param key names the topic and the rights of those who share it
   */
  open(key: string, topic: Topic): (stream: EventStream, lastEventId: string) => void {
    let room = this.#rooms.get(key);
    if (room === undefined) {
      if (this.#rooms.size >= MOST_FEEDS) this.#dropEmpty(0);
      this.#feeds += 1;
      const feed = new Feed(topic, `${this.#epoch}.${String(this.#feeds)}`);
      room = { feed, viewers: new Map(), emptySince: this.#ticks };
      this.#rooms.set(key, room);
    } else if (room.viewers.size === 0) room.feed.advance();
    const { feed, viewers } = room;
    return (stream, lastEventId) => {
      for (const message of feed.since(lastEventId)) stream.write(message);
      viewers.set(stream, { isBehind: false });
      this.#rooms.set(key, room);
      stream.onClose(() => {
        viewers.delete(stream);
        room.emptySince = this.#ticks;
      });
      this.#run();
    };
  }

  /** Pings a stream that is not of a topic. */
  keepAlive(stream: EventStream): void {
    this.#pinged.add(stream);
    stream.onClose(() => this.#pinged.delete(stream));
    this.#run();
  }

  /** Called every half second. */
  tick(): void {
    this.#ticks += 1;
    for (const [key, room] of this.#rooms) {
      if (room.viewers.size > 0 && this.#ticks % room.feed.topic.everyTicks === 0) this.#advance(key, room);
    }
    if (this.#ticks % PING_TICKS === 0) this.#ping();
    this.#dropEmpty(KEPT_TICKS);
    if (this.#rooms.size > 0 || this.#pinged.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #run(): void {
    this.#timer ??= setInterval(() => {
      this.tick();
    }, TICK_MS).unref();
  }

  #advance(key: string, { feed, viewers }: Room): void {
    let delta: Buffer | undefined;
    try {
      delta = feed.advance();
    } catch {
      // A job that was forgotten, a worker that is gone: who connects again is told so.
      this.#rooms.delete(key);
      for (const stream of [...viewers.keys()]) stream.close();
      return;
    }
    for (const [stream, viewer] of viewers) {
      if (stream.isBehind) viewer.isBehind = true;
      else if (viewer.isBehind) {
        viewer.isBehind = false;
        stream.write(feed.snapshot());
      } else if (delta !== undefined) stream.write(delta);
    }
  }

  #ping(): void {
    const nowMs = this.#now();
    const message = Buffer.from(`event: ping\ndata: ${String(nowMs)}\n\n`);
    const streams = [...this.#rooms.values()].flatMap(({ viewers }) => [...viewers.keys()]);
    for (const stream of [...streams, ...this.#pinged]) {
      stream.check(nowMs);
      if (!stream.isBehind) stream.write(message);
    }
  }

  #dropEmpty(afterTicks: number): void {
    for (const [key, { viewers, emptySince }] of this.#rooms) {
      if (viewers.size === 0 && this.#ticks - emptySince >= afterTicks) this.#rooms.delete(key);
    }
  }
}
