import { Block } from './text.js';

interface LogLine {
  readonly level?: unknown;
  readonly message?: unknown;
  readonly timestamp?: unknown;
}

/** The end of a log, newest line last. */
export function LogView({ lines, label }: { readonly lines: readonly string[]; readonly label: string }) {
  if (lines.length === 0) return <p class="muted">Nothing in the log.</p>;
  return <Block text={lines.map(readable).join('\n')} label={label} />;
}

/** Logs are lines of JSON; a person reads time, level and message first. */
function readable(line: string): string {
  if (!line.startsWith('{')) return line;
  try {
    const { level, message, timestamp, ...rest } = JSON.parse(line) as LogLine;
    const more = Object.keys(rest).length === 0 ? '' : `  ${JSON.stringify(rest)}`;
    return `${String(timestamp ?? '')} ${String(level ?? '').padEnd(5)} ${String(message ?? '')}${more}`;
  } catch {
    return line;
  }
}
