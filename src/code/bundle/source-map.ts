import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * A bundle with its source map in its last line. The map names the user's own files by where they are on the
 * machine of the user, who reads the stacks.
 *
 * @param folder what the paths in the map are relative to
 */
export function withSourceMap(code: string, map: string, folder: string): string {
  const content = JSON.parse(map) as { readonly sources: readonly string[] };
  const sources = content.sources.map((source) =>
    // Our own module is in no file.
    /^[\w-]{2,}:/.test(source) ? source : pathToFileURL(resolve(folder, source)).href,
  );
  const data = Buffer.from(JSON.stringify({ ...content, sources })).toString('base64');
  return `${code.trimEnd()}\n//# sourceMappingURL=data:application/json;base64,${data}\n`;
}
