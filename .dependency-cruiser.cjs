// Which room may import which (DESIGN.md, "The rooms"). test/unit/import-rules.test.ts proves that every rule
// here fires, on the tree in test/fixtures/bad-imports: a new rule needs a bad import there.

/**
 * A rule that lets the files under `from` import only what matches `allowed`. Without `within` that covers
 * Node and the packages too; with `within: OURS` only our own files are looked at.
 */
function only(name, comment, from, allowed, within) {
  const to = { pathNot: allowed };
  if (within !== undefined) to.path = within;
  return { name, comment, severity: 'error', from, to };
}

const OURS = '^src/';
const CHILD = '^src/worker/child/';

module.exports = {
  forbidden: [
    only(
      'model-is-a-leaf',
      'The model is shared by every room, the pure cores among them: it imports nothing, Node included.',
      { path: '^src/model/' },
      '^src/model/',
    ),
    only(
      'server-core-is-pure',
      'step() and schedule() run in the simulation too: no Node, no package, only the model.',
      { path: '^src/server/core/' },
      '^src/(model|server/core)/',
    ),
    only(
      'worker-core-is-pure',
      'The core of the worker runs in the simulation too: no Node, no package, only the model.',
      { path: '^src/worker/core/' },
      '^src/(model|worker/core)/',
    ),
    only(
      'wire-stands-on-model',
      'The wire translates between the model and the messages; it knows none of the programs.',
      { path: '^src/wire/' },
      '^src/(model|security|wire)/',
      OURS,
    ),
    only(
      'security-stands-on-model',
      'Certificates are made and read without the wire.',
      { path: '^src/security/' },
      '^src/(model|security)/',
      OURS,
    ),
    only(
      'helpers-stand-on-model',
      'The log, the blob store and code that travels are small rooms that several others share.',
      { path: '^src/(log|blobs|code)/' },
      ['^src/(model|log|blobs|code)/', '^src/wire/(codec|fraction)[.]ts$'],
      OURS,
    ),
    only(
      'server-stands-alone',
      'The server knows neither the worker nor the client: they meet on the wire.',
      { path: '^src/server/', pathNot: '^src/server/core/' },
      '^src/(model|log|blobs|wire|security|server)/',
      OURS,
    ),
    only(
      'worker-stands-alone',
      'The worker knows neither the server nor the client: they meet on the wire.',
      { path: '^src/worker/', pathNot: ['^src/worker/core/', CHILD] },
      ['^src/(model|log|blobs|wire|security|worker)/', '^src/evaluators/evaluator[.]ts$'],
      OURS,
    ),
    only(
      'worker-child-is-small',
      'A child process starts for every task: it loads the codec and the job classes, and nothing else.',
      { path: CHILD },
      ['^src/(model|code|evaluators|worker/child)/', '^src/wire/(codec|payload|packed|fraction)[.]ts$'],
      OURS,
    ),
    only(
      'evaluators-are-light',
      'What runs the programs of jobs is loaded by every child process.',
      { path: '^src/evaluators/' },
      ['^src/(model|code|jobs|evaluators)/', '^src/wire/(codec|fraction)[.]ts$'],
      OURS,
    ),
    only(
      'client-stands-alone',
      'The client knows neither the server nor the worker: they meet on the wire.',
      { path: '^src/client/' },
      '^src/(model|code|wire|security|jobs|client)/',
      OURS,
    ),
    only(
      'jobs-are-light',
      'Job classes run in child processes too, which know nothing of connections: whoever runs a job hands it one.',
      { path: '^src/jobs/' },
      ['^src/(model|code|jobs)/', '^src/wire/(codec|fraction)[.]ts$'],
      OURS,
    ),
    only(
      'local-needs-no-server',
      'Threads of this machine run what workers run, without any connection.',
      { path: '^src/local/' },
      ['^src/(model|code|evaluators|jobs|local)/', '^src/wire/(codec|fraction)[.]ts$'],
      OURS,
    ),
    {
      name: 'bundles-are-made-by-clients',
      comment: 'What runs tasks gets bundles and makes none: esbuild is large, and has a process of its own.',
      severity: 'error',
      from: { path: '^src/(evaluators|jobs|server|worker)/' },
      to: { path: ['^src/code/bundle/(?!names[.]ts$)', 'node_modules/esbuild/'] },
    },
    {
      name: 'deploy-sits-on-top',
      comment: 'Only the programs and the public index use deploy.',
      severity: 'error',
      from: { pathNot: '^src/(deploy|cli|bin)/|^src/index[.]ts$' },
      to: { path: '^src/deploy/' },
    },
    {
      name: 'commands-sit-on-top',
      comment: 'The commands are for people at a terminal: only the programs use them.',
      severity: 'error',
      from: { pathNot: '^src/(cli|bin)/' },
      to: { path: '^src/cli/' },
    },
    {
      name: 'nothing-imports-bin',
      comment: 'The programs are the only readers of argv and environment: nothing builds on them.',
      severity: 'error',
      from: { path: OURS, pathNot: '^src/bin/' },
      to: { path: '^src/bin/' },
    },
    {
      name: 'no-cycles',
      comment: 'Two files that import each other are one file, or lack a third.',
      severity: 'error',
      from: { path: OURS },
      to: { circular: true },
    },
    {
      name: 'no-orphans',
      comment: 'Nothing imports this file and it imports nothing: delete it, or use it.',
      severity: 'error',
      from: {
        orphan: true,
        path: OURS,
        pathNot: [
          '^src/index[.]ts$',
          '^src/bin/',
          '^src/worker/child/main[.]ts$',
          '^src/local/thread/main[.]ts$',
          // Each is a module of WebAssembly of its own.
          '^src/jobs/factor/kernel/assembly/[^/]+[.]ts$',
          '^src/wire/gen/',
        ],
      },
      to: {},
    },
    {
      name: 'src-ships-alone',
      comment: 'What is shipped may not import what is not.',
      severity: 'error',
      from: { path: OURS },
      to: { path: '^(test|bench|scripts|web|examples|dist)/' },
    },
    {
      name: 'no-dev-packages',
      comment: 'A user of the package has no development packages; types are gone after compiling.',
      severity: 'error',
      from: { path: OURS },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['npm', 'type-only'] },
    },
    {
      name: 'no-undeclared-packages',
      comment: 'A package that is imported must be in package.json.',
      severity: 'error',
      from: { path: OURS },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-unresolvable',
      comment: 'The import leads nowhere.',
      severity: 'error',
      from: { path: OURS },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    // Without it an `import type` would pass every rule.
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      mainFields: ['module', 'main', 'types', 'typings'],
    },
  },
};
