import { go } from './router.js';

const GO: Readonly<Record<string, string>> = { o: '/', j: '/jobs', w: '/workers', s: '/server', h: '/help' };
const GO_WITHIN_MS = 1_500;

export const KEYS: readonly (readonly [keys: string, what: string])[] = [
  ['/', 'search jobs'],
  ['j  k', 'next and previous row'],
  ['Enter', 'open the row'],
  ['x', 'select the row'],
  ['g o', 'overview'],
  ['g j', 'jobs'],
  ['g w', 'workers'],
  ['g s', 'server'],
  ['g h', 'help'],
  ['p', 'pause or resume updates'],
  ['?', 'these keys'],
];

interface Commands {
  readonly showKeys: () => void;
  readonly togglePause: () => void;
}

/** Keys for the whole page; none where one types or a dialog asks. */
export function startKeyboard({ showKeys, togglePause }: Commands): void {
  let goUntilMs = 0;
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    const { key } = event;
    if (event.timeStamp < goUntilMs) {
      goUntilMs = 0;
      const target = GO[key];
      if (target !== undefined) {
        event.preventDefault();
        go(target);
        return;
      }
    }
    if (key === 'g') goUntilMs = event.timeStamp + GO_WITHIN_MS;
    else if (key === '?') showKeys();
    else if (key === 'p') togglePause();
    else if (key === '/') search();
    else if (key === 'j' || key === 'k') move(key === 'j' ? 1 : -1);
    else if (key === 'x') focusedRow()?.querySelector<HTMLInputElement>('input[type=checkbox]')?.click();
    else if (key === 'Enter' && event.target === focusedRow()) open();
    else return;
    event.preventDefault();
  });
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.closest('dialog')) return true;
  if (target instanceof HTMLInputElement) return target.type !== 'checkbox';
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}

function search(): void {
  const field = document.getElementById('search');
  if (field) {
    field.focus();
    return;
  }
  go('/jobs');
  // The page of jobs is drawn after this.
  setTimeout(() => document.getElementById('search')?.focus(), 50);
}

function rows(): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>('main [data-href]')];
}

function focusedRow(): HTMLElement | null {
  return document.activeElement?.closest<HTMLElement>('[data-href]') ?? null;
}

function move(step: 1 | -1): void {
  const all = rows();
  const current = focusedRow();
  const at = current ? all.indexOf(current) + step : 0;
  const row = all[Math.max(0, Math.min(all.length - 1, at))];
  if (!row) return;
  row.tabIndex = -1;
  row.focus();
  row.scrollIntoView({ block: 'nearest' });
}

function open(): void {
  const target = focusedRow()?.dataset['href'];
  if (target !== undefined) go(target);
}
