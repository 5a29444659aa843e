import type { ErrorBody } from '../../src/model/monitor.js';

/** Thrown when the server refuses; `status` is 0 where no server answers. */
export class ApiError extends Error {
  readonly status: number;
  readonly hint: string;

  constructor(status: number, message: string, hint = '') {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.hint = hint;
  }
}

/** What is asked for is not there, or not for this user: asking again is no use. */
export function isMissing(error: ApiError): boolean {
  return [400, 403, 404].includes(error.status);
}

let onUnauthenticated = (): void => undefined;

/** What happens when the server says that nobody is logged in (any more). */
export function whenLoggedOut(listener: () => void): void {
  onUnauthenticated = listener;
}

export async function getJson<T>(path: string): Promise<T> {
  const response = await request(path);
  return (await response.json()) as T;
}

export async function getText(path: string): Promise<string> {
  return (await request(path)).text();
}

export async function getBytes(path: string): Promise<Uint8Array> {
  return new Uint8Array(await (await request(path)).arrayBuffer());
}

/** Log lines, as the server has them. */
export async function getLog(path: string): Promise<readonly string[]> {
  return (await getJson<{ readonly lines: readonly string[] }>(path)).lines;
}

/** Throws what the server answers to a GET, where that is an error; what it sends otherwise is not read. */
export async function probe(path: string): Promise<void> {
  await (await request(path)).body?.cancel();
}

export async function send<T = unknown>(
  method: 'POST' | 'DELETE',
  path: string,
  body: unknown = {},
): Promise<T> {
  const response = await request(path, {
    method,
    headers: { 'content-type': 'application/json', 'x-dsage': '1' },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

async function request(path: string, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(`/api/${path}`, { credentials: 'same-origin', ...init }).catch(() => {
    throw new ApiError(0, 'The server does not answer.', 'The page comes back by itself when it does.');
  });
  if (response.ok) return response;
  if (response.status === 401) onUnauthenticated();
  throw await errorOf(response);
}

async function errorOf(response: Response): Promise<ApiError> {
  try {
    const { error } = (await response.json()) as ErrorBody;
    return new ApiError(response.status, error.message, error.hint);
  } catch {
    return new ApiError(response.status, `The server answered ${response.status} ${response.statusText}.`);
  }
}
