import { useSignal } from '@preact/signals';

/** A command, with a button that copies it. */
export function Command({ text, label }: { readonly text: string; readonly label: string }) {
  const isCopied = useSignal(false);
  const copy = async (): Promise<void> => {
    await copyText(text);
    isCopied.value = true;
    setTimeout(() => (isCopied.value = false), 2_000);
  };
  return (
    <div class="command">
      <pre tabindex={0} role="group" aria-label={label}>
        {text}
      </pre>
      <button type="button" class="quiet" aria-label={`Copy: ${label}`} onClick={() => void copy()}>
        {isCopied.value ? 'Copied' : 'Copy'}
      </button>
    </div>
  );
}

async function copyText(text: string): Promise<void> {
  // Browsers give pages their clipboard only over HTTPS and on this machine.
  if ('clipboard' in navigator) {
    await navigator.clipboard.writeText(text);
    return;
  }
  const area = document.createElement('textarea');
  area.value = text;
  document.body.append(area);
  area.select();
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- the only way without HTTPS
  document.execCommand('copy');
  area.remove();
}
