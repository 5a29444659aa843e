import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';

export interface WebAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

export interface WebRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Speaks to the monitor as no browser would: any Host, any Origin, with a cookie or without. */
export class WebClient {
  readonly url: string;
  readonly #caPem: string | undefined;
  cookie: string | undefined;

  /** @param caPem what to trust where it is HTTPS */
  constructor(url: string, caPem?: string) {
    this.url = url;
    this.#caPem = caPem;
  }

  ask(path: string, { method = 'GET', headers = {}, body }: WebRequest = {}): Promise<WebAnswer> {
    const ask = this.url.startsWith('https:') ? httpsRequest : httpRequest;
    const cookie = this.cookie === undefined ? {} : { Cookie: this.cookie };
    const length = body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
    const all = { ...cookie, ...length, ...headers };
    return new Promise((resolve, reject) => {
      const asked = ask(`${this.url}${path}`, { method, headers: all, ca: this.#caPem }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
        });
        response.on('error', reject);
      });
      asked.on('error', reject);
      asked.end(body);
    });
  }

  async json<T>(path: string): Promise<T> {
    const { status, text } = await this.ask(path);
    if (status !== 200) throw new Error(`${path}: ${String(status)} ${text}`);
    return JSON.parse(text) as T;
  }

  /** A change as the monitor's own page asks for it. */
  change(path: string, body: unknown = {}, method = 'POST'): Promise<WebAnswer> {
    const headers = { Origin: this.url, 'Content-Type': 'application/json' };
    return this.ask(path, { method, headers, body: JSON.stringify(body) });
  }

  /** Opens a link of `dsage web`, and keeps its cookie. */
  async login(link: string): Promise<WebAnswer> {
    const { pathname, search } = new URL(link);
    const answer = await this.ask(`${pathname}${search}`);
    const [cookie] = [answer.headers['set-cookie']].flat();
    if (cookie !== undefined) this.cookie = cookie.split(';')[0];
    return answer;
  }
}
