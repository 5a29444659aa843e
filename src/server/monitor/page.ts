import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Context, Middleware } from 'koa';
import serveFiles from 'koa-static';

import { packageVersion } from '../../wire/hello.js';

/** Where the build puts the page: beside `server/` in dist/. */
const FOLDER = fileURLToPath(new URL('../../web/', import.meta.url));
const YEAR_S = 365 * 24 * 3600;

/** The page's files; every other path is one of the page's own, which its script reads. */
export function page(folder = FOLDER): Middleware {
  const index = join(folder, 'index.html');
  const files = serveFiles(folder, {
    index: false,
    setHeaders: (response, path) => {
      // The names of assets hold a hash of what is in them.
      const isAsset = path.startsWith(join(folder, 'assets'));
      response.setHeader(
        'Cache-Control',
        isAsset ? `public, max-age=${String(YEAR_S)}, immutable` : 'no-cache',
      );
    },
  });
  return async (context, next) => {
    if (context.method !== 'GET' && context.method !== 'HEAD') {
      await next();
      return;
    }
    await files(context, () => answerIndex(context, index));
  };
}

async function answerIndex(context: Context, index: string): Promise<void> {
  if (context.path.startsWith('/assets/')) return;
  if (!existsSync(index)) {
    context.type = 'text/plain; charset=utf-8';
    context.body = [
      `dsage ${packageVersion()} runs here, without its page: it has not been built (npm run build).`,
      'Health: /healthz and /readyz. Figures: /metrics. Jobs and workers: `dsage jobs`, `dsage workers`.\n',
    ].join('\n');
    return;
  }
  context.type = 'html';
  context.set('Cache-Control', 'no-cache');
  context.body = await readFile(index);
}
