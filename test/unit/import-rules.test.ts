import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect } from 'chai';
import type { ICruiseResult, IConfiguration } from 'dependency-cruiser';

const root = fileURLToPath(new URL('../../', import.meta.url));
const configPath = join(root, '.dependency-cruiser.cjs');

/** The import of test/fixtures/bad-imports that each rule must notice. */
const badImports: Record<string, string[]> = {
  'model-is-a-leaf': ['src/model/job.ts -> path'],
  'server-core-is-pure': [
    'src/server/core/schedule.ts -> cbor-x',
    'src/server/core/step.ts -> fs',
    'src/server/core/step.ts -> src/client/connect.ts',
  ],
  'worker-core-is-pure': ['src/worker/core/slots.ts -> timers/promises'],
  'wire-stands-on-model': ['src/wire/channel.ts -> src/server/core/step.ts'],
  'security-stands-on-model': ['src/security/identity.ts -> src/wire/codec.ts'],
  'helpers-stand-on-model': ['src/log/log.ts -> src/wire/channel.ts'],
  'server-stands-alone': ['src/server/engine.ts -> src/worker/session.ts'],
  'worker-stands-alone': ['src/worker/session.ts -> src/client/connect.ts'],
  'worker-child-is-small': ['src/worker/child/main.ts -> src/wire/channel.ts'],
  'evaluators-are-light': ['src/evaluators/code.ts -> src/wire/channel.ts'],
  'bundles-are-made-by-clients': ['src/evaluators/code.ts -> src/code/bundle/bundle.ts'],
  'client-stands-alone': [
    'src/client/connect.ts -> src/worker/core/slots.ts',
    'src/client/start.ts -> src/deploy/setup.ts',
  ],
  'jobs-are-light': ['src/jobs/coordinator.ts -> src/wire/channel.ts'],
  'local-needs-no-server': ['src/local/pool.ts -> src/wire/channel.ts'],
  'deploy-sits-on-top': ['src/client/start.ts -> src/deploy/setup.ts'],
  'commands-sit-on-top': ['src/deploy/setup.ts -> src/cli/table.ts'],
  'nothing-imports-bin': ['src/deploy/setup.ts -> src/bin/dsage.ts'],
  'no-cycles': ['src/jobs/circle-one.ts -> src/jobs/circle-two.ts'],
  'no-orphans': ['src/jobs/orphan.ts -> src/jobs/orphan.ts'],
  'src-ships-alone': ['src/jobs/ships-tests.ts -> test/helper.ts'],
  'no-dev-packages': ['src/jobs/dev-package.ts -> chai'],
  'no-undeclared-packages': ['src/jobs/undeclared-package.ts -> readable-stream'],
  'no-unresolvable': ['src/jobs/unresolvable.ts -> ./nowhere.js'],
};

describe('the import rules', function () {
  this.timeout(60_000);

  const { forbidden } = createRequire(import.meta.url)(configPath) as IConfiguration;
  const ruleNames = (forbidden ?? []).map(({ name }) => name ?? 'a rule without a name');
  let found: Map<string, string[]>;

  before(() => {
    found = violations(cruise(join(root, 'test', 'fixtures', 'bad-imports'), ['src', 'test']));
  });

  for (const rule of ruleNames) {
    it(`${rule} notices a bad import, and no good one`, () => {
      expect(badImports).to.have.property(rule);
      expect(found.get(rule)).to.have.members(badImports[rule] ?? []);
    });
  }

  it('hold in src', () => {
    const result = cruise(root, ['src']);
    expect(result.summary.totalCruised).to.be.greaterThan(0);
    expect(Object.fromEntries(violations(result))).to.deep.equal({});
  });
});

function cruise(folder: string, paths: string[]): ICruiseResult {
  const program = join(root, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruise.mjs');
  const args = [program, ...paths, '--config', configPath, '--output-type', 'json'];
  const output = execFileSync(process.execPath, args, {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
  });
  return JSON.parse(output) as ICruiseResult;
}

/** What broke each rule, as `from -> to`, with packages by their names. */
function violations({ summary }: ICruiseResult): Map<string, string[]> {
  const byRule = new Map<string, string[]>();
  for (const { rule, from, to } of summary.violations) {
    const target = to.replace(/^.*node_modules\/([^/]+)\/.*$/, '$1');
    byRule.set(rule.name, [...(byRule.get(rule.name) ?? []), `${from} -> ${target}`]);
  }
  return byRule;
}
