import { signal } from '@preact/signals';

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const KEY = 'dsage-theme';

export const theme = signal<Theme>(stored());

export function setTheme(next: Theme): void {
  theme.value = next;
  apply();
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // A browser that keeps nothing keeps the theme until the page is closed.
  }
}

export function apply(): void {
  const { dataset } = document.documentElement;
  if (theme.value === 'system') delete dataset['theme'];
  else dataset['theme'] = theme.value;
}

function stored(): Theme {
  try {
    return THEMES.find((one) => one === localStorage.getItem(KEY)) ?? 'system';
  } catch {
    return 'system';
  }
}
