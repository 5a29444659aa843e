import { expect } from 'chai';

import { dsage } from 'dsage';

import { type Cluster, startCluster } from '../support/cluster.js';
import { removeTempDirs } from '../support/temp-dir.js';

describe('dsage.connect without an address', function () {
  this.timeout(30_000);
  let cluster: Cluster;

  before(async () => {
    cluster = await startCluster();
  });
  after(async () => {
    await cluster.stop();
    removeTempDirs();
  });

  it('finds the server that runs on the directory, whatever port it took', async () => {
    const d = await dsage.connect({ directory: cluster.directory });
    try {
      expect(await d('2+2').wait({ timeoutMs: 10_000 })).to.equal(4);
    } finally {
      await d.close();
    }
  });

  it('looks at 127.0.0.1:8081 where none runs', async () => {
    await cluster.killServer();
    const failure = await dsage
      .connect({ directory: cluster.directory, connectTimeoutMs: 300 })
      .catch((thrown: unknown) => thrown as Error & { code: string });
    // Somebody else's server may be there; it is of another cluster.
    expect(failure).to.have.property('code').that.is.oneOf(['unavailable', 'wrong-cluster']);
    expect((failure as Error).message).to.contain('127.0.0.1:8081');
  });
});
