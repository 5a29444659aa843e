import { ApiError, isMissing, probe } from '../api.js';

const RETRY_MS = 2_000;

export interface StreamHandlers {
  /** By the names of the events. */
  readonly events: Readonly<Record<string, (data: string) => void>>;
  readonly opened?: () => void;
  /** The connection broke; it comes back by itself. */
  readonly broken?: () => void;
  /** There is nothing of the kind to see, or not any more: nothing follows. */
  readonly refused: (error: ApiError) => void;
}

/** Opens a stream of events, and again when the browser gives it up; gives back what ends it. */
export function openStream(path: string, handlers: StreamHandlers): () => void {
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isEnded = false;
  const open = (): void => {
    if (isEnded) return;
    source = new EventSource(`/api/${path}`);
    source.addEventListener('open', () => handlers.opened?.());
    for (const [name, take] of Object.entries(handlers.events)) {
      source.addEventListener(name, ({ data }: MessageEvent<string>) => take(data));
    }
    source.addEventListener('error', () => {
      handlers.broken?.();
      // The browser does not try again after an answer that is no stream, nor tells which one it was.
      if (source?.readyState === EventSource.CLOSED) void probe(path).catch(judge).then(openLater);
    });
  };
  /** A 401 has shown the login by now. */
  const judge = (error: unknown): void => {
    if (isEnded || !(error instanceof ApiError) || !isMissing(error)) return;
    isEnded = true;
    handlers.refused(error);
  };
  const openLater = (): void => {
    if (!isEnded) timer = setTimeout(open, RETRY_MS);
  };
  open();
  return () => {
    isEnded = true;
    source?.close();
    clearTimeout(timer);
  };
}
