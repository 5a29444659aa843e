import { computed, effect, type ReadonlySignal, signal, untracked, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

import { getJson } from '../api.js';
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

/** The live object of a topic: undefined until its first snapshot. The last one stays while the server is away. */
export function useTopic<T extends object>(topic: string): ReadonlySignal<T | undefined> {
  const data = useSignal<T | undefined>(undefined);
  useEffect(() => {
    data.value = undefined;
    let close = (): void => undefined;
    const stopWatching = effect(() => {
      const paused = isPaused.value;
      untracked(() => {
        close();
        close = paused
          ? () => undefined
          : follow<T>(topic, (change) => {
              data.value = change(data.peek());
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

type Change<T> = (current: T | undefined) => T | undefined;

/** Opens the stream, and again when the browser gives it up; gives back what ends it. */
function follow<T extends object>(topic: string, update: (change: Change<T>) => void): () => void {
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isEnded = false;
  const heard = (): void => {
    connection.value = { isOpen: true, lastMessageAtMs: Date.now() };
  };
  const open = (): void => {
    if (isEnded) return;
    source = new EventSource(`/api/events?topic=${encodeURIComponent(topic)}`);
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
      if (source?.readyState !== EventSource.CLOSED) return;
      // The browser does not try again after an answer that is no stream. A 401 shows the login.
      timer = setTimeout(() => {
        void getJson('session').then(open, open);
      }, RETRY_MS);
    });
  };
  connection.value = { isOpen: false, lastMessageAtMs: Date.now() };
  open();
  return () => {
    source?.close();
    clearTimeout(timer);
    isEnded = true;
  };
}
