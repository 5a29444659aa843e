import { computed, effect, type ReadonlySignal, signal, untracked, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

import { ApiError, isMissing, probe } from '../api.js';
import { now } from './clock.js';
import { applyDelta, type Connection, type Health, healthOf } from './delta.js';

const RETRY_MS = 2_000;

export const isPaused = signal(false);
const connection = signal<Omit<Connection, 'isPaused'> | undefined>(undefined);

/** How the page's data is, for the badge; undefined on a page that shows nothing live. */
export const health = computed<Health | undefined>(() => {
  const current = connection.value;
  return current && healthOf({ ...current, isPaused: isPaused.value }, now.value);
});

export interface Live<T> {
  /** Undefined until the first snapshot. The last one stays while the server is away. */
  readonly value: T | undefined;
  /** There is nothing of that name to see, or not any more. */
  readonly error: ApiError | undefined;
}

const NOTHING = { value: undefined, error: undefined };

/** The live object of a topic. */
export function useTopic<T extends object>(topic: string): ReadonlySignal<Live<T>> {
  const data = useSignal<Live<T>>(NOTHING);
  useEffect(() => {
    data.value = NOTHING;
    let close = (): void => undefined;
    const stopWatching = effect(() => {
      const paused = isPaused.value;
      untracked(() => {
        close();
        close = paused
          ? () => undefined
          : follow<T>(topic, {
              update: (change) => {
                data.value = { value: change(data.peek().value), error: undefined };
              },
              refused: (error) => {
                data.value = { value: undefined, error };
              },
            });
      });
    });
    return () => {
      stopWatching();
      close();
      connection.value = undefined;
    };
  }, [topic]);
  return data;
}

interface Follower<T> {
  readonly update: (change: (current: T | undefined) => T | undefined) => void;
  /** Nothing follows. */
  readonly refused: (error: ApiError) => void;
}

/** Opens the stream, and again when the browser gives it up; gives back what ends it. */
function follow<T extends object>(topic: string, { update, refused }: Follower<T>): () => void {
  const path = `events?topic=${encodeURIComponent(topic)}`;
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isEnded = false;
  const heard = (): void => {
    connection.value = { isOpen: true, lastMessageAtMs: Date.now() };
  };
  const open = (): void => {
    if (isEnded) return;
    source = new EventSource(`/api/${path}`);
    source.addEventListener('open', heard);
    source.addEventListener('ping', heard);
    source.addEventListener('snapshot', ({ data }: MessageEvent<string>) => {
      heard();
      update(() => JSON.parse(data) as T);
    });
    source.addEventListener('delta', ({ data }: MessageEvent<string>) => {
      heard();
      update((current) => applyDelta(current, JSON.parse(data) as Partial<T>));
    });
    source.addEventListener('error', () => {
      connection.value = { isOpen: false, lastMessageAtMs: Date.now() };
      // The browser does not try again after an answer that is no stream, nor tells which one it was.
      if (source?.readyState === EventSource.CLOSED) void probe(path).catch(judge).then(openLater);
    });
  };
  /** A 401 has shown the login by now. */
  const judge = (error: unknown): void => {
    if (isEnded || !(error instanceof ApiError) || !isMissing(error)) return;
    isEnded = true;
    connection.value = undefined;
    refused(error);
  };
  const openLater = (): void => {
    timer = setTimeout(open, RETRY_MS);
  };
  connection.value = { isOpen: false, lastMessageAtMs: Date.now() };
  open();
  return () => {
    source?.close();
    clearTimeout(timer);
    isEnded = true;
  };
}
