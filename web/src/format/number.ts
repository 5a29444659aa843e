/** `1,234,567`: grouped, so that sizes are seen and not counted. */
export function grouped(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 2 });
}

/** A rate with the digits that matter: `0`, `0.4`, `12.3`, `1,204`. */
export function rate(value: number): string {
  if (value > 0 && value < 0.05) return '< 0.1';
  return value.toLocaleString('en-US', { maximumFractionDigits: value < 100 ? 1 : 0 });
}

/** `812 B`, `4.2 kB`, `1.3 GB`, in steps of 1,000. */
export function bytes(count: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = count;
  let at = 0;
  while (value >= 999.5 && at < units.length - 1) {
    value /= 1000;
    at += 1;
  }
  const digits = at === 0 || value >= 100 ? 0 : 1;
  return `${value.toFixed(digits)} ${units[at] ?? ''}`;
}

/** `3 tasks`, `1 task`, `1,200 tasks`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${grouped(count)} ${count === 1 ? one : many}`;
}

/** `42 %`; never 100 % before all is done, nor 0 % once something is. */
export function percent(part: number, whole: number): string {
  if (whole <= 0) return '0 %';
  const exact = (100 * part) / whole;
  if (exact > 0 && exact < 1) return '< 1 %';
  return `${part < whole ? Math.min(99, Math.floor(exact)) : 100} %`;
}
