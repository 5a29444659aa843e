import { signal } from '@preact/signals';

/** Whether the page stands still because its reader wants it to. */
export const isPaused = signal(false);
