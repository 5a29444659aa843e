import { expect } from 'chai';
import fc from 'fast-check';

import { findJsonFault } from '#dsage/cli/job-run/json-fault.js';
import { parseParameters } from '#dsage/cli/job-run/parameters.js';
import type { DsageError } from '#dsage/model/errors.js';

const messageFor = (text: string): string => {
  try {
    parseParameters(text, 'The parameters');
  } catch (error) {
    return (error as DsageError).message;
  }
  return 'no error';
};

describe('parameters on the command line', () => {
  it('are JSON as it is: strings stay strings', () => {
    expect(parseParameters('{"n": "12n", "big": "123456789012345678901", "x": 1e300}', '')).to.deep.equal({
      ...{ n: '12n', big: '123456789012345678901', x: 1e300 },
    });
    expect(parseParameters(' [1, null, true] ', '')).to.deep.equal([1, null, true]);
  });

  it('that are no JSON are refused with their place', () => {
    const cases: [string, RegExp][] = [
      ['{"limit":}', /line 1, column 10: a value is missing, there is "}"/],
      ['{limit: 3}', /line 1, column 2: a name in double quotes or } is missing, there is "l"/],
      ['{"a": 1,\n "b" 2}', /line 2, column 6: a colon is missing, there is "2"/],
      ['{"a": 1,}', /line 1, column 9: a name in double quotes is missing/],
      ['{"a": [1 2]}', /line 1, column 10: a comma or the closing bracket is missing/],
      ['{"a": nul}', /line 1, column 7: a value is missing, there is "n"/],
      ['{"a": 1', /line 1, column 8: .* is missing, the text ends there/],
      ['{} {}', /line 1, column 4: the end is missing, there is "{"/],
      ['', /line 1, column 1: a value is missing, the text ends there/],
      ["{'a': 1}", /column 2/],
      ['{"a": 012}', /column 7/],
      ['{"a": "x\ny"}', /column 7/],
      ['[1}', /column 3/],
    ];
    for (const [text, message] of cases) {
      expect(messageFor(text), text)
        .to.match(/^The parameters are no JSON: /)
        .and.match(message);
    }
  });

  it('are refused when a number would silently become another one', () => {
    expect(messageFor('{"a": 1, "n": 9007199254740993}')).to.match(/line 1, column 15: 9007199254740993/);
    expect(messageFor('{"n": "9007199254740993", "m": -9007199254740991}')).to.equal('no error');
  });

  it('have a fault exactly where JSON.parse sees one', () => {
    const almost = fc.tuple(fc.json(), fc.nat(), fc.constantFrom('', ',', '"', '}', ']', ':', '1', '-', 'x'));
    fc.assert(
      fc.property(almost, ([text, at, mark]) => {
        const place = at % (text.length + 1);
        const changed = text.slice(0, place) + mark + text.slice(place + 1);
        let isJson = true;
        try {
          JSON.parse(changed);
        } catch {
          isJson = false;
        }
        const { offset, expected } = findJsonFault(changed);
        // JSON has its only fault behind its end.
        expect(offset === changed.length && expected === 'the end').to.equal(isJson, changed);
      }),
      { numRuns: 2_000 },
    );
  });
});
