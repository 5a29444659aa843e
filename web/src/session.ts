import { computed, signal } from '@preact/signals';

import type { SessionView } from '../../src/model/monitor.js';
import { getJson, whenLoggedOut } from './api.js';

/** Undefined until the server has said who we are. */
export const session = signal<SessionView | undefined>(undefined);
export const isLoggedOut = signal(false);

export const isAdmin = computed(() => session.value?.role === 'admin');
/** Nobody is logged in, and the overview is open to everybody. */
export const isPublicViewer = computed(() => session.value?.isPublic === true && session.value.user === '');

export async function startSession(): Promise<void> {
  whenLoggedOut(() => {
    isLoggedOut.value = true;
  });
  for (;;) {
    try {
      const view = await getJson<SessionView>('session');
      session.value = view;
      if (view.user === '' && !view.isPublic) isLoggedOut.value = true;
      return;
    } catch {
      if (isLoggedOut.peek()) return;
      await new Promise((resolve) => setTimeout(resolve, 2_000));
    }
  }
}
