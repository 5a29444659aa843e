import { expect } from 'chai';

import { CLIENT_NAMES, RUNTIME_KEY, RUNTIME_NAMES } from '#dsage/code/bundle/names.js';
import { offerRuntime } from '#dsage/evaluators/runtime.js';
import * as dsage from '#dsage/index.js';

describe('what a bundle can import from dsage', () => {
  it('is all that dsage exports', () => {
    expect([...RUNTIME_NAMES, ...CLIENT_NAMES].sort()).to.deep.equal(Object.keys(dsage).sort());
  });

  it('is the real thing where a task can use it', () => {
    offerRuntime();
    const runtime = (globalThis as never)[Symbol.for(RUNTIME_KEY)] as { take(name: string): unknown };
    for (const name of RUNTIME_NAMES) expect(runtime.take(name), name).to.equal(dsage[name]);
  });

  it('is a stand-in for the rest, which throws when it is used', () => {
    offerRuntime();
    const runtime = (globalThis as never)[Symbol.for(RUNTIME_KEY)] as { take(name: string): unknown };
    const Job = runtime.take('Job') as new () => object;
    const uses = [
      () => new Job(),
      () => (Job as unknown as () => void)(),
      () => Job.name,
      () => class extends Job {},
    ];
    for (const use of uses) {
      expect(use)
        .to.throw(/^Job(\.name)? of 'dsage' was used on a worker/)
        .with.property('code', 'failed-precondition');
    }
  });
});
