import { expect } from 'chai';

import { apiQuery, isFiltered, NO_FILTERS, readFilters, writeFilters } from '../../../web/src/filters.js';

describe('the page: filters of the jobs', () => {
  it('come back from the URL as they were written', () => {
    const filters = {
      ...NO_FILTERS,
      status: ['processing', 'failed'] as const,
      owner: 'ada & co',
      q: 'a+b=c #1 ünï',
      since: '2026-11-27T06:30',
      sort: 'failed' as const,
    };
    const text = writeFilters(filters);
    expect(text).to.contain('status=processing,failed').and.to.contain('since=2026-11-27T06:30');
    expect(readFilters(text)).to.deep.equal(filters);
  });

  it('are none in an empty URL, and write none', () => {
    expect(readFilters('')).to.deep.equal(NO_FILTERS);
    expect(writeFilters(NO_FILTERS)).to.equal('');
    expect(isFiltered({ ...NO_FILTERS, sort: 'name' })).to.equal(false);
    expect(isFiltered({ ...NO_FILTERS, kind: 'code' })).to.equal(true);
  });

  it('leave out what a typed URL says wrongly', () => {
    expect(
      readFilters('?status=nonsense,failed&sort=price&since=yesterday&until=2026-99-99T10:00'),
    ).to.deep.equal({
      ...NO_FILTERS,
      status: ['failed'],
    });
  });

  it('ask the API with times in milliseconds and the place in the list', () => {
    const query = new URLSearchParams(apiQuery({ ...NO_FILTERS, since: '2026-11-27T06:30' }, 'c9', 50));
    expect(Number(query.get('since'))).to.equal(new Date(2026, 10, 27, 6, 30).getTime());
    expect([query.get('from'), query.get('limit'), query.get('until')]).to.deep.equal(['c9', '50', null]);
    expect(apiQuery(NO_FILTERS, '', 50)).to.equal('?limit=50');
  });
});
