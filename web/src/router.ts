import { signal } from '@preact/signals';

export interface Place {
  readonly path: string;
  readonly search: string;
}

export const place = signal<Place>(here());

function here(): Place {
  return { path: location.pathname, search: location.search };
}

/** Goes to a page of ours without a reload. `replace` where only the view of the same page changes. */
export function go(target: string, { replace = false } = {}): void {
  if (replace) history.replaceState(null, '', target);
  else history.pushState(null, '', target);
  const before = place.value.path;
  place.value = here();
  if (place.value.path !== before) window.scrollTo(0, 0);
}

/** The page's URL with some of its query changed; an empty value leaves the name out. */
export function withQuery(changes: Readonly<Record<string, string>>): string {
  const query = new URLSearchParams(place.value.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === '') query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  return text === '' ? place.value.path : `${place.value.path}?${text}`;
}

export function queryValue(name: string): string {
  return new URLSearchParams(place.value.search).get(name) ?? '';
}

/** From now on links to our own pages are followed here; those that the server answers are left to the browser. */
export function startRouter(): void {
  window.addEventListener('popstate', () => {
    place.value = here();
  });
  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    if (!link || link.origin !== location.origin || link.target !== '' || link.hasAttribute('download'))
      return;
    if (link.pathname.startsWith('/api/') || link.getAttribute('href')?.startsWith('#') === true) return;
    event.preventDefault();
    go(link.pathname + link.search);
  });
}
