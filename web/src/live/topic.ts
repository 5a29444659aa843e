import { computed, type ReadonlySignal, signal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

import type { ApiError } from '../api.js';
import { now } from './clock.js';
import { applyDelta, type Connection, type Health, healthOf } from './delta.js';
import { isPaused } from './paused.js';
import { openStream } from './stream.js';
import { useStream } from './use-stream.js';

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
    return () => {
      connection.value = undefined;
    };
  }, [topic]);
  useStream(topic, () => {
    connectionIs(false);
    return openStream(`events?topic=${encodeURIComponent(topic)}`, {
      events: {
        ping: () => connectionIs(true),
        snapshot: (json) => {
          connectionIs(true);
          data.value = { value: JSON.parse(json) as T, error: undefined };
        },
        delta: (json) => {
          connectionIs(true);
          data.value = {
            value: applyDelta(data.peek().value, JSON.parse(json) as Partial<T>),
            error: undefined,
          };
        },
      },
      opened: () => connectionIs(true),
      broken: () => connectionIs(false),
      refused: (error) => {
        connection.value = undefined;
        data.value = { value: undefined, error };
      },
    });
  });
  return data;
}

function connectionIs(isOpen: boolean): void {
  connection.value = { isOpen, lastMessageAtMs: Date.now() };
}
