import { signal } from '@preact/signals';

/** Whether the dialog of the keys is open. */
export const keysShown = signal(false);
