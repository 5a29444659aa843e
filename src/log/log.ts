/* eslint @typescript-eslint/no-unsafe-class-instance-assignment: off -- winston's types declare its transports apart from their base class */
import { createLogger, format, transports, type Logger, type transport } from 'winston';

export type { Logger } from 'winston';

/** Most to least urgent; a log shows its own level and those before it. */
export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LogOptions {
  /** Written as one JSON object a line, and rotated; without it nothing is kept. */
  readonly file?: string;
  readonly level: LogLevel;
  /** Also write lines for people to stderr; stdout is left to what programs read. */
  readonly console: boolean;
}

const MAX_FILE_BYTES = 10 * 1024 * 1024;
const MAX_FILES = 5;

/**
 * The log of a server or a worker. Give what belongs to an entry as fields, so that it can be searched for:
 * `log.warn('the task failed', { job: 12, task: 3, attempt: 1 })`. An `error` field may be an Error.
 */
export function createLog(options: LogOptions): Logger {
  const targets: transport[] = [];
  if (options.file !== undefined) targets.push(fileTarget(options.file));
  if (options.console) targets.push(consoleTarget());
  return createLogger({
    level: options.level,
    levels: { error: 0, warn: 1, info: 2, debug: 3 },
    transports: targets,
    // winston complains on the console about a log without a target.
    silent: targets.length === 0,
  });
}

function fileTarget(file: string): transport {
  const lines = format.combine(format.timestamp(), errorFields(), format.json({ bigint: true }));
  const rotation = { maxsize: MAX_FILE_BYTES, maxFiles: MAX_FILES, tailable: true };
  return new transports.File({ filename: file, format: lines, ...rotation });
}

function consoleTarget(): transport {
  const lines = format.combine(format.timestamp(), errorFields(), format.printf(lineForPeople));
  return new transports.Console({ stderrLevels: [...LOG_LEVELS], format: lines });
}

/** Ends the log; resolves when everything is in its file. */
export async function closeLog(log: Logger): Promise<void> {
  const files = log.transports.filter((target) => target instanceof transports.File);
  const written = files.map((file) => new Promise<void>((resolve) => file.once('finish', resolve)));
  log.end();
  await Promise.all(written);
}

/** An Error has no enumerable fields, so that JSON would show `{}`. */
const errorFields = format((info) => {
  const error = info['error'];
  if (!(error instanceof Error)) return info;
  const code = (error as { code?: unknown }).code;
  return {
    ...info,
    error: error.message,
    ...(typeof code === 'string' ? { code } : {}),
    ...(error.stack === undefined ? {} : { stack: error.stack }),
  };
});

function lineForPeople(info: Record<string | symbol, unknown>): string {
  const { timestamp, level, message, stack, ...fields } = info as Record<string, unknown>;
  const details = Object.entries(fields).map(([name, value]) => `${name}=${shown(value)}`);
  const line = [String(timestamp), String(level).padEnd(5), String(message), ...details].join(' ');
  return typeof stack === 'string' && level === 'error' ? `${line}\n${stack}` : line;
}

function shown(value: unknown): string {
  if (typeof value === 'string') return /[\s"=]/.test(value) ? JSON.stringify(value) : value;
  if (typeof value !== 'object' || value === null) return String(value);
  return JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? String(part) : part));
}
