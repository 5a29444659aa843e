import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';

import type { PartialMessage, Plugin } from 'esbuild';

import { manifestOf } from '../manifest.js';

/** Packages that find the addon of the package that calls them while it runs. */
const LOADERS = /^(?:bindings|node-gyp-build|node-gyp-build-optional-packages|(?:@mapbox\/)?node-pre-gyp)$/;

/** What `detail` of a message says, so that it gets advice of its own. */
export const NATIVE_ADDON = 'native-addon';

/** Refuses native addons by the name of their package: they are made for one platform, and a bundle is for all. */
export const nativePlugin: Plugin = {
  name: 'native-addons',
  setup(build) {
    build.onLoad({ filter: /\.node$/ }, ({ path }) => ({
      errors: [refusal(path, `${basename(path)} of `)],
    }));
    build.onResolve({ filter: LOADERS }, ({ resolveDir }) =>
      hasAddon(manifestOf(resolveDir)?.folder) ? { errors: [refusal(resolveDir)] } : undefined,
    );
  },
};

function refusal(path: string, part = ''): PartialMessage {
  const name = manifestOf(path)?.name ?? path;
  return {
    text: `${part}${name} is a native addon, which only runs where it was built`,
    detail: NATIVE_ADDON,
  };
}

function hasAddon(folder: string | undefined): boolean {
  if (folder === undefined) return false;
  return (
    ['prebuilds', 'binding.gyp', join('build', 'Release')].some((name) => existsSync(join(folder, name))) ||
    readdirSync(folder).some((name) => name.endsWith('.node'))
  );
}
