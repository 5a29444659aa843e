import { effect, untracked } from '@preact/signals';
import { useEffect } from 'preact/hooks';

import { isPaused } from './paused.js';

/** Keeps open what `open` opens, anew for each `key`, and not while updates are paused. */
export function useStream(key: string, open: () => () => void): void {
  useEffect(() => {
    let close = (): void => undefined;
    const stopWatching = effect(() => {
      const paused = isPaused.value;
      untracked(() => {
        close();
        close = paused ? () => undefined : open();
      });
    });
    return () => {
      stopWatching();
      close();
    };
  }, [key]);
}
