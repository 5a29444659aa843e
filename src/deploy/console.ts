import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** How often a file is looked at, or a process asked for. */
export const POLL_MS = 20;

/** Where a program writes while it starts. */
export interface Console {
  readonly stdio: ['pipe' | number, 'pipe' | number];
  attach(child: ChildProcess): void;
  detach(): void;
  stdout(): string;
  stderr(): string;
  /** Resolves when there may be more to read. */
  changed(): Promise<void>;
}

/** For a program that ends with this process. */
export class PipeConsole implements Console {
  readonly stdio: ['pipe', 'pipe'] = ['pipe', 'pipe'];
  readonly #texts = { stdout: '', stderr: '' };
  #wake: () => void = () => undefined;
  #detach: () => void = () => undefined;

  attach(child: ChildProcess): void {
    const listen = (name: 'stdout' | 'stderr') => {
      const take = (chunk: Buffer) => {
        this.#texts[name] += chunk.toString('utf8');
        this.#wake();
      };
      child[name]?.on('data', take);
      return () => child[name]?.off('data', take);
    };
    const parts = [listen('stdout'), listen('stderr')];
    this.#detach = () => parts.forEach((part) => part());
  }

  detach(): void {
    this.#detach();
  }

  stdout(): string {
    return this.#texts.stdout;
  }

  stderr(): string {
    return this.#texts.stderr;
  }

  changed(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve));
  }
}

/** For a program that outlives this process: a pipe would break under it. */
export class FileConsole implements Console {
  readonly stdio: [number, number];
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.stdio = [openSync(this.#path('stdout'), 'w', 0o600), openSync(this.#path('stderr'), 'w', 0o600)];
  }

  static async open(): Promise<FileConsole> {
    return new FileConsole(await mkdtemp(join(tmpdir(), 'dsage-start-')));
  }

  /** The program has its own handles on them now. */
  attach(): void {
    for (const handle of this.stdio) closeSync(handle);
  }

  /** Its log has what it says from now on. */
  detach(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  stdout(): string {
    return readFileSync(this.#path('stdout'), 'utf8');
  }

  stderr(): string {
    return readFileSync(this.#path('stderr'), 'utf8');
  }

  changed(): Promise<void> {
    return pause(POLL_MS);
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
