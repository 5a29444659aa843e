import { getJson } from '../api.js';
import { type Live, useTopic } from './topic.js';
import { useFetch } from './use-fetch.js';

/** What a GET answers at first, also while updates are paused, and the topic's stream from then on. */
export function useResource<T extends object>(topic: string, path: string): Live<T> {
  const live = useTopic<T>(topic).value;
  const first = useFetch(path, () => getJson<T>(path)).value;
  if (live.error) return { value: undefined, error: live.error };
  const value = live.value ?? first.value;
  return { value, error: value ? undefined : first.error };
}
