import { writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

import { expect } from 'chai';

import { hostCheck, isLoopback } from '#dsage/server/monitor/access/hosts.js';
import { Logins } from '#dsage/server/monitor/access/logins.js';
import { Tries } from '#dsage/server/monitor/access/tries.js';
import type { Identity } from '#dsage/model/user.js';

import { makeTempDir, removeTempDirs } from '../../../support/temp-dir.js';

const ALICE: Identity = { role: 'user', name: 'alice', serial: '1f' };
const MINUTE_MS = 60_000;

describe('logins', () => {
  let now = 0;
  let file: string;
  const open = () => new Logins(file, () => now);

  beforeEach(() => {
    now = 1_000;
    file = join(makeTempDir(), 'sessions.json');
  });
  after(removeTempDirs);

  it('a token opens one session, once', () => {
    const logins = open();
    const token = logins.createToken(ALICE);
    const session = logins.redeem(token)?.session ?? '';
    expect(logins.redeem(token)).to.equal(undefined);
    expect(logins.find(session)).to.deep.equal(ALICE);
    expect(logins.find(token)).to.equal(undefined);
    expect(logins.redeem('')).to.equal(undefined);
  });

  it('a token is too old after five minutes, a session after twelve hours without use', () => {
    const logins = open();
    const token = logins.createToken(ALICE);
    const session = logins.redeem(logins.createToken(ALICE))?.session ?? '';
    now += 5 * MINUTE_MS;
    expect(logins.redeem(token)).to.equal(undefined);
    for (let hour = 0; hour < 24; hour += 1) {
      now += 60 * MINUTE_MS;
      expect(logins.find(session)).to.deep.equal(ALICE);
    }
    now += 12 * 60 * MINUTE_MS;
    expect(logins.find(session)).to.equal(undefined);
  });

  it('sessions go on in the next server, one that was ended does not', () => {
    const logins = open();
    const [kept = '', ended = ''] = [1, 2].map(() => logins.redeem(logins.createToken(ALICE))?.session);
    logins.end(ended);
    const next = open();
    expect(next.find(kept)).to.deep.equal(ALICE);
    expect(next.find(ended)).to.equal(undefined);
  });

  for (const text of [
    '',
    '{',
    '{}',
    '[1]',
    '[["a",{"identity":{"name":"x"},"untilMs":1}]]',
    '[["a"]]',
    '[null]',
  ]) {
    it(`a file of sessions that holds ${text === '' ? 'nothing' : text} counts as none`, () => {
      writeFileSync(file, text);
      expect(open().find('a')).to.equal(undefined);
    });
  }

  it('the number of sessions is bounded: those longest unused give way', () => {
    const logins = open();
    // Straight to the map's bound, without a file for each.
    const sessions = Array.from({ length: 3 }, () => logins.redeem(logins.createToken(ALICE))?.session ?? '');
    expect(new Set(sessions).size).to.equal(3);
    const tokens = Array.from({ length: 1_001 }, () => logins.createToken(ALICE));
    expect(logins.redeem(tokens[0] ?? '')).to.equal(undefined);
    expect(logins.redeem(tokens[1] ?? '')).to.not.equal(undefined);
  });
});

describe('tries to log in', () => {
  it('after ten failures in a minute, an address has to wait for the rest of it', () => {
    let now = 0;
    const tries = new Tries(() => now);
    for (let failure = 0; failure < 10; failure += 1) {
      expect(tries.mayTry('a')).to.equal(true);
      tries.failed('a');
    }
    expect([tries.mayTry('a'), tries.mayTry('b')]).to.deep.equal([false, true]);
    now += MINUTE_MS;
    expect(tries.mayTry('a')).to.equal(true);
  });
});

describe('the Host header', () => {
  it('names this machine where only this machine connects', () => {
    const isOurs = hostCheck({ host: '127.0.0.1', port: 8082 }, '');
    for (const host of ['localhost:8082', 'LOCALHOST:8082', '127.0.0.1:8082', '[::1]:8082']) {
      expect(isOurs(host), host).to.equal(true);
    }
    for (const host of [
      ...[
        '',
        'localhost',
        'localhost:80',
        'evil.example:8082',
        '10.0.0.1:8082',
        'localhost:8082.evil.example',
      ],
      ...[
        'localhost.evil.example:8082',
        'a@localhost:8082',
        'localhost:8082:8082',
        '[::1]',
        '::1:8082',
        'localhost:',
      ],
      ...['127.0.0.2:8082', '2130706433:8082', 'localhost:8082/'],
    ]) {
      expect(isOurs(host), host).to.equal(false);
    }
  });

  it('names the server, or is an address, where other machines connect', () => {
    const isOurs = hostCheck({ host: '0.0.0.0', port: 443 }, '');
    for (const host of [`${hostname()}:443`, 'localhost:443', '10.1.2.3:443', '[fe80::1]:443']) {
      expect(isOurs(host), host).to.equal(true);
    }
    for (const host of ['evil.example:443', '10.1.2.3:444', '10.1.2.3.evil.example:443', '[evil]:443']) {
      expect(isOurs(host), host).to.equal(false);
    }
  });

  it('loopback is told from other addresses', () => {
    expect(['127.0.0.1', '127.9.9.9', '::1', 'localhost'].every(isLoopback)).to.equal(true);
    expect(['0.0.0.0', '::', '10.0.0.1', '127.0.0.1.evil', ''].some(isLoopback)).to.equal(false);
  });
});
