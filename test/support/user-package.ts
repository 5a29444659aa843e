import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { makeTempDir } from './temp-dir.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** A package of a user's, outside of this one, with dsage installed in it. */
export class UserPackage {
  readonly folder = makeTempDir();

  /** @param files what is in it, by path; `package.json` unless given is that of an ES module */
  constructor(files: Readonly<Record<string, string>>) {
    this.write({ 'package.json': '{ "name": "theirs", "version": "1.0.0", "type": "module" }', ...files });
    mkdirSync(join(this.folder, 'node_modules'), { recursive: true });
    symlinkSync(ROOT, join(this.folder, 'node_modules', 'dsage'), 'dir');
  }

  write(files: Readonly<Record<string, string>>): void {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(this.path(path)), { recursive: true });
      writeFileSync(this.path(path), text);
    }
  }

  path(file: string): string {
    return join(this.folder, file);
  }

  url(file: string): string {
    return pathToFileURL(this.path(file)).href;
  }

  async load(file: string): Promise<Readonly<Record<string, unknown>>> {
    return (await import(this.url(file))) as Readonly<Record<string, unknown>>;
  }
}
