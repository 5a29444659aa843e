import { DsageError, ERROR_CODES, KilledError, TaskFailedError, TimeoutError } from '#dsage/model/errors.js';
import { fromProblem, fromServiceError, toProblem, toServiceError } from '#dsage/wire/errors.js';
import { Metadata, status } from '@grpc/grpc-js';
import { expect } from 'chai';

function statusError(code: number, details: string): Error {
  return Object.assign(new Error(`${code} ${details}`), { code, details, metadata: new Metadata() });
}

describe('errors on the wire', () => {
  it('come back with code, message and hint, for every code', () => {
    for (const code of ERROR_CODES) {
      const sent = new DsageError(code, 'Größe 3 > 2.', { hint: 'Do less, 100 % less.' });
      const back = fromServiceError(toServiceError(sent), 'host:1');
      expect([back.code, back.message, back.hint]).to.deep.equal([code, sent.message, sent.hint]);
      const problem = fromProblem(toProblem(sent));
      expect([problem.code, problem.message]).to.deep.equal([code, sent.message]);
    }
  });

  it('come back as their own classes', () => {
    const back = (error: DsageError) => fromServiceError(toServiceError(error), 'host:1');
    expect(back(new TimeoutError('Late.'))).to.be.instanceOf(TimeoutError);
    expect(back(new TaskFailedError('Bad.'))).to.be.instanceOf(TaskFailedError);
    expect(back(new KilledError('Gone.'))).to.be.instanceOf(KilledError);
  });

  it('that are no DsageError are internal', () => {
    const sent = toServiceError(new RangeError('oops'));
    expect(sent.code).to.equal(status.INTERNAL);
    expect(fromServiceError(sent, 'host:1')).to.include({ code: 'internal', message: 'oops' });
    expect(fromProblem(undefined)).to.include({ code: 'internal' });
  });

  it('that are too long or no text are cut to what metadata takes', () => {
    const { details } = toServiceError(new DsageError('setup', `${'x'.repeat(100_000)}\ud800`));
    expect(details).to.have.length.below(2100);
    expect(encodeURI(toServiceError(new DsageError('setup', 'a\ud800b')).details)).to.equal('a%EF%BF%BDb');
  });

  it('that grpc-js made up get a code and a clear message', () => {
    const cases: [number, string, string, RegExp][] = [
      [status.DEADLINE_EXCEEDED, 'Deadline exceeded', 'timeout', /host:1 did not answer in time/],
      [status.RESOURCE_EXHAUSTED, 'Received message larger than max', 'limit-exceeded', /too large/],
      [status.UNIMPLEMENTED, 'no such method', 'version-mismatch', /same version/],
      [status.CANCELLED, 'Cancelled', 'closed', /cancelled/],
      [status.UNAVAILABLE, 'Connection dropped', 'unavailable', /No dsage server answers at host:1/],
      [status.UNAVAILABLE, 'unable to verify the first certificate', 'wrong-cluster', /another cluster/],
      [status.UNAVAILABLE, 'tlsv13 alert certificate required', 'unauthenticated', /refused this user/],
      [status.UNKNOWN, 'strange', 'internal', /status 2/],
    ];
    for (const [code, details, expected, message] of cases) {
      const error = fromServiceError(statusError(code, details), 'host:1');
      expect(error.code, details).to.equal(expected);
      expect(error.message).to.match(message);
    }
  });
});
