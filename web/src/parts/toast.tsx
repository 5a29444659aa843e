import { signal } from '@preact/signals';

interface Toast {
  readonly text: string;
  readonly isError: boolean;
}

const toast = signal<Toast | undefined>(undefined);
let timer: ReturnType<typeof setTimeout> | undefined;

/** Says what came of an action, in sight and to screen readers. */
export function say(text: string, { isError = false } = {}): void {
  toast.value = { text, isError };
  clearTimeout(timer);
  timer = setTimeout(() => (toast.value = undefined), isError ? 12_000 : 5_000);
}

export function Toasts() {
  const current = toast.value;
  return (
    <div class="toasts" role="status" aria-live="polite">
      {current && (
        <div class={current.isError ? 'toast toast-error' : 'toast'}>
          <bdi>{current.text}</bdi>
          <button type="button" class="quiet" onClick={() => (toast.value = undefined)}>
            Close
          </button>
        </div>
      )}
    </div>
  );
}
