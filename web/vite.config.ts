import { defineConfig } from 'vite';

/** The monitor's page: built by scripts/build.mjs into dist/web, which the server serves as it is. */
export default defineConfig({
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  // Nothing is put into the HTML or the CSS: the page runs under a policy that allows no inline script or data: URL.
  build: { assetsInlineLimit: 0, modulePreload: { polyfill: false }, target: 'es2022' },
});
