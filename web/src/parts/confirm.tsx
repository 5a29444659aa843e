import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';

import { ApiError } from '../api.js';
import { say } from './toast.js';

export interface Question {
  readonly title: string;
  readonly text: string;
  /** What the button says: the deed, not "OK". */
  readonly deed: string;
  readonly isDanger?: boolean;
  readonly field?: {
    readonly label: string;
    readonly type: 'text' | 'number';
    readonly value: string;
    readonly isRequired?: boolean;
  };
  /** Does it; gives what to say after it. */
  readonly act: (value: string) => Promise<string>;
}

const question = signal<Question | undefined>(undefined);

export function ask(next: Question): void {
  question.value = next;
}

/** Does something that needs no question, and says what came of it. */
export async function attempt(act: () => Promise<string>): Promise<void> {
  try {
    say(await act());
  } catch (error) {
    const hint = error instanceof ApiError ? error.hint : '';
    say([error instanceof Error ? error.message : String(error), hint].filter(Boolean).join(' '), {
      isError: true,
    });
  }
}

export function ConfirmDialog() {
  const dialog = useRef<HTMLDialogElement>(null);
  const value = useRef<HTMLInputElement>(null);
  const current = question.value;
  useEffect(() => {
    if (current) dialog.current?.showModal();
  }, [current]);
  if (!current) return null;
  const close = (): void => {
    dialog.current?.close();
    question.value = undefined;
  };
  const submit = (event: Event): void => {
    event.preventDefault();
    const text = value.current?.value ?? '';
    close();
    void attempt(() => current.act(text));
  };
  const { field } = current;
  return (
    <dialog
      ref={dialog}
      class="dialog"
      aria-labelledby="confirm-title"
      onClose={() => (question.value = undefined)}
    >
      <form onSubmit={submit}>
        <h2 id="confirm-title">{current.title}</h2>
        <p>
          <bdi>{current.text}</bdi>
        </p>
        {field && (
          <label class="field">
            <span>{field.label}</span>
            <input
              ref={value}
              {...(field.type === 'number' ? { type: 'number' } : { type: 'text' })}
              defaultValue={field.value}
              required={field.isRequired ?? false}
              maxLength={500}
              autocomplete="off"
            />
          </label>
        )}
        <div class="dialog-buttons">
          <button type="button" onClick={close}>
            Cancel
          </button>
          <button type="submit" class={current.isDanger === true ? 'danger' : 'primary'}>
            {current.deed}
          </button>
        </div>
      </form>
    </dialog>
  );
}
