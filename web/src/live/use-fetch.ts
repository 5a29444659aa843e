import { type Signal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

import { ApiError } from '../api.js';
import { isPaused } from './paused.js';

export interface Fetched<T> {
  readonly value: T | undefined;
  readonly error: ApiError | undefined;
  readonly isLoading: boolean;
}

export interface FetchOptions {
  /** Read again when this changes, with what is there still shown. */
  readonly again?: unknown;
  /** But not more often than this. */
  readonly everyMs?: number;
}

/** What a GET answers, read again as `again` changes. A new `key` forgets the old value. */
export function useFetch<T>(
  key: string,
  load: () => Promise<T>,
  { again, everyMs = 1_000 }: FetchOptions = {},
): Signal<Fetched<T>> {
  const state = useSignal<Fetched<T>>({ value: undefined, error: undefined, isLoading: true });
  const last = useSignal({ key: '', atMs: 0 });
  useEffect(() => {
    const isNew = last.peek().key !== key;
    if (!isNew && isPaused.peek()) return;
    if (isNew) state.value = { value: undefined, error: undefined, isLoading: true };
    const waitMs = isNew ? 0 : Math.max(0, last.peek().atMs + everyMs - Date.now());
    const isCurrent = (): boolean => last.peek().key === key;
    const read = async (): Promise<void> => {
      last.value = { key, atMs: Date.now() };
      try {
        const value = await load();
        if (isCurrent()) state.value = { value, error: undefined, isLoading: false };
      } catch (error) {
        const shown = error instanceof ApiError ? error : new ApiError(0, String(error));
        if (isCurrent()) state.value = { value: state.peek().value, error: shown, isLoading: false };
      }
    };
    // What is under way is used though `again` changes: changes that come faster than answers must not starve the page.
    const timer = setTimeout(() => void read(), waitMs);
    return () => {
      clearTimeout(timer);
    };
  }, [key, again]);
  return state;
}
