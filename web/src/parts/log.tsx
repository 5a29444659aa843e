import { Block } from './text.js';

/** The end of a log, newest line last. */
export function LogView({ lines, label }: { readonly lines: readonly string[]; readonly label: string }) {
  if (lines.length === 0) return <p class="muted">Nothing in the log.</p>;
  return <Block text={lines.map(readable).join('\n')} label={label} isAtEnd />;
}

/** Logs are lines of JSON; a person reads time, level and message first. */
function readable(line: string): string {
  if (!line.startsWith('{')) return line;
  try {
    const { level, message, timestamp, ...rest } = JSON.parse(line) as Record<string, unknown>;
    const more = Object.keys(rest).length === 0 ? '' : `  ${JSON.stringify(rest)}`;
    return `${textOf(timestamp)} ${textOf(level).padEnd(5)} ${textOf(message)}${more}`;
  } catch {
    return line;
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value);
}
