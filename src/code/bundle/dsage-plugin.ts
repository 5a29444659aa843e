import type { Plugin } from 'esbuild';

import { CLIENT_NAMES, RUNTIME_KEY, RUNTIME_NAMES } from './names.js';

/** How esbuild calls what is in no file; messages leave it out. */
export const NAMESPACE = 'on-a-worker';

/** Lets `import … from 'dsage'` find what a worker's child offers, instead of bringing all of dsage into the bundle. */
export const dsagePlugin: Plugin = {
  name: 'dsage',
  setup(build) {
    build.onResolve({ filter: /^dsage(?:\/|$)/ }, ({ path }) => {
      if (path === 'dsage') return { path, namespace: NAMESPACE };
      return { errors: [{ text: `"${path}" is no part of dsage that a job can import` }] };
    });
    build.onLoad({ filter: /^dsage$/, namespace: NAMESPACE }, () => ({
      contents: moduleText(),
      loader: 'js',
    }));
  },
};

/**
 * A name that is not among these is an error of esbuild's, with the file and the line that ask for it. Those that
 * nobody asks for leave no trace, and inside the names are others than outside: so the user's own stay as they are.
 */
function moduleText(): string {
  return [
    `const runtime = globalThis[Symbol.for('${RUNTIME_KEY}')];`,
    `if (runtime === undefined) throw new Error('This bundle was made to run on a dsage worker.');`,
    ...[...RUNTIME_NAMES, ...CLIENT_NAMES].map(
      (name) =>
        `const dsage$${name} = /* @__PURE__ */ runtime.take('${name}'); export { dsage$${name} as ${name} };`,
    ),
  ].join('\n');
}
