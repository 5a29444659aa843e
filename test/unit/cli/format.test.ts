import { expect } from 'chai';

import { type Column, facts, table } from '#dsage/cli/format/table.js';
import { ago, duration, parseDuration } from '#dsage/cli/format/time.js';
import { progressOf } from '#dsage/cli/format/status.js';
import { exitCodeOf, linesOf } from '#dsage/cli/exit-codes.js';
import { DsageError, TimeoutError } from '#dsage/model/errors.js';

interface Row {
  readonly id: number;
  readonly name: string;
}

const COLUMNS: Column<Row>[] = [
  { title: 'JOB', value: ({ id }) => id, align: 'right' },
  { title: 'NAME', value: ({ name }) => name, shrinks: true },
  { title: 'NOTE', value: () => '', optional: true },
];
const PLAIN = { colors: false, width: Infinity };

describe('what the commands print', () => {
  describe('a table', () => {
    it('aligns numbers to the right and leaves out what is empty everywhere', () => {
      const rows = [
        { id: 7, name: 'seven' },
        { id: 1234, name: 'x' },
      ];
      expect(table(COLUMNS, rows, { look: PLAIN, empty: '' })).to.equal(' JOB  NAME\n   7  seven\n1234  x\n');
    });

    it('fits the terminal by cutting what may be cut', () => {
      const rows = [{ id: 1, name: 'a name that is much too long' }];
      const text = table(COLUMNS, rows, { look: { colors: false, width: 20 }, empty: '' });
      expect(text).to.equal('JOB  NAME\n  1  a name that is\u2026\n');
      for (const line of text.split('\n')) expect(line.length).to.be.at.most(20);
    });

    it('does not let a name move the cursor', () => {
      const text = table(COLUMNS, [{ id: 1, name: 'a\u001b[2Jb\nc' }], { look: PLAIN, empty: '' });
      expect(text).to.equal('JOB  NAME\n  1  a [2Jb c\n');
    });

    it('says that there is nothing', () => {
      expect(table(COLUMNS, [], { look: PLAIN, empty: 'No jobs.' })).to.equal('No jobs.\n');
    });

    it('has colours only when they are asked for', () => {
      const columns: Column<Row>[] = [
        { title: 'NAME', value: ({ name }) => name, color: (_, colors) => colors.red },
      ];
      const colored = table(columns, [{ id: 1, name: 'x' }], {
        look: { colors: true, width: 80 },
        empty: '',
      });
      expect(colored).to.contain('\u001b[31mx');
      expect(table(columns, [{ id: 1, name: 'x' }], { look: PLAIN, empty: '' })).to.equal('NAME\nx\n');
    });
  });

  it('facts stand under each other', () => {
    expect(
      facts(
        [
          ['job', 1],
          ['status', 'failed'],
        ],
        PLAIN,
      ),
    ).to.equal('job     1\nstatus  failed\n');
  });

  it('times are readable', () => {
    const now = Date.UTC(2026, 0, 31);
    const before = (ms: number) => ago(new Date(now - ms), now);
    expect([undefined].map((date) => ago(date, now))).to.deep.equal(['']);
    expect([-5000, 1500, 30_000, 200_000, 7_200_000, 200_000_000].map(before)).to.deep.equal([
      'just now',
      'just now',
      '30 s ago',
      '3 min ago',
      '2 h ago',
      '2 days ago',
    ]);
    expect([12, 2500, 60_000, 200_000, 18_720_000, 90_000_000].map(duration)).to.deep.equal([
      '12 ms',
      '2.5 s',
      '1 min',
      '3 min 20 s',
      '5 h 12 min',
      '1 d 1 h',
    ]);
  });

  it('times are read with and without a unit', () => {
    expect(['90', '90s', '5m', '1.5h', '250ms', '2 min', '1d'].map(parseDuration)).to.deep.equal([
      90_000, 90_000, 300_000, 5_400_000, 250, 120_000, 86_400_000,
    ]);
    for (const bad of ['', 's', '-1s', '1 week', '0', '1e3'])
      expect(parseDuration(bad), bad).to.equal(undefined);
  });

  it('progress tells what went wrong', () => {
    const counts = { waiting: 1, processing: 2, completed: 3, failed: 4, killed: 0 };
    expect(progressOf(counts, 10)).to.equal('3/10, 4 failed');
  });

  it('an error is a line, and a line of what to do', () => {
    const error = new DsageError('setup', 'The file is damaged.', { hint: 'Restore it.' });
    expect(linesOf(error)).to.equal('The file is damaged.\n  Restore it.');
    expect(linesOf(new Error('plain'))).to.equal('plain');
  });

  it('errors have exit codes', () => {
    const codes = [
      new DsageError('syntax-error', ''),
      new DsageError('unavailable', ''),
      new DsageError('permission-denied', ''),
      new DsageError('not-found', ''),
      new TimeoutError(''),
      new DsageError('task-failed', ''),
      new Error('a bug'),
    ].map(exitCodeOf);
    expect(codes).to.deep.equal([2, 3, 4, 5, 124, 1, 1]);
  });
});
