import { expect } from 'chai';

import { defaultSlots, measureSpeed, workerInfo } from '#dsage/worker/info.js';
import { compileOptions, type WorkerOptions } from '#dsage/worker/options.js';

const good: WorkerOptions = { server: '127.0.0.1:8081', directory: '/nowhere' };

describe('worker options', () => {
  it('fills in the defaults', () => {
    const options = compileOptions({ ...good, coordinatorModule: 'file:///coordinate.js' });
    expect(options).to.include({ coordinators: 8, niceness: 0, memoryMb: undefined });
    // Without what runs them there are none.
    expect(compileOptions(good).coordinators).to.equal(0);
    expect(options.slots).to.be.at.least(1);
    expect(options.name).to.contain(String(process.pid));
  });

  it('takes the usual port where none is given', () => {
    expect(compileOptions({ ...good, server: 'lab1' }).server).to.equal('lab1:8081');
  });

  it('takes host names, IPv4 and bracketed IPv6 addresses', () => {
    for (const server of ['lab-1.example:1', '10.0.0.1:65535', '[::1]:8081']) {
      expect(compileOptions({ ...good, server }).server).to.equal(server);
    }
  });

  const refused: [Partial<WorkerOptions>, RegExp][] = [
    [{ server: 'lab 1' }, /"lab 1" is not the address of a server/],
    [{ server: 'lab1:0' }, /port from 1 to 65535/],
    [{ server: 'lab1:65536' }, /port from 1 to 65535/],
    [{ server: '::1:8081' }, /not the address/],
    [{ slots: 0 }, /slots is 0.*1 to 4096/],
    [{ slots: 1.5 }, /slots/],
    [{ coordinators: 65 }, /coordinators is 65.*0 to 64/],
    [{ coordinators: -1 }, /coordinators/],
    [{ niceness: 21 }, /nice is 21.*0 to 20/],
    [{ memoryMb: 10 }, /is 10.*64 or more/],
    [{ labels: ['a b'] }, /'a b' is no label/],
    [{ labels: [''] }, /'' is no label/],
    [{ resources: { gpu: 0 } }, /gpu is 0.*above 0/],
    [{ name: ' ' }, /1 to 100 characters/],
  ];
  for (const [options, message] of refused) {
    it(`refuses ${JSON.stringify(options)}`, () => {
      expect(() => compileOptions({ ...good, ...options }))
        .to.throw(message)
        .with.property('code', 'invalid-argument');
    });
  }
});

describe('worker info', () => {
  it('has as many slots as Slurm gave, where it did', () => {
    expect(defaultSlots({ SLURM_CPUS_ON_NODE: '3' })).to.equal(3);
    expect(defaultSlots({ SLURM_CPUS_ON_NODE: 'many' })).to.equal(defaultSlots({}));
    expect(defaultSlots({})).to.be.at.least(1);
  });

  it('measures a speed that two measurements agree on, roughly', () => {
    const [one, two] = [measureSpeed(), measureSpeed()];
    expect(one).to.be.greaterThan(0.1);
    expect(one / two).to.be.within(0.2, 5);
  });

  it('says what the host is', () => {
    const info = workerInfo({ name: 'w', slots: 2, coordinators: 3, labels: ['a'], resources: { gpu: 1 } });
    expect(info).to.include({
      name: 'w',
      slots: 2,
      coordinators: 3,
      pid: process.pid,
      nodeVersion: process.version,
    });
    expect(info.evaluators).to.deep.equal(['javascript']);
    expect(info.memoryMb).to.be.greaterThan(100);
    expect(info.packageVersion).to.match(/^\d+\.\d+\.\d+/);
  });
});
