import { expect } from 'chai';

import { LazyMap } from '#dsage/server/core/lazy-map.js';

describe('server/core/lazy-map', () => {
  it('is a Map, also before something was put in and after it was cleared', () => {
    const map = new LazyMap<number, string>();
    const expectEmpty = (): void => {
      map.delete(1);
      expect([map.size, map.has(1), map.get(1)]).to.deep.equal([0, false, undefined]);
      expect([[...map], [...map.keys()]]).to.deep.equal([[], []]);
    };
    expectEmpty();
    map.set(1, 'one');
    map.set(2, 'two');
    map.delete(2);
    expect([map.size, map.has(1), map.get(1)]).to.deep.equal([1, true, 'one']);
    expect([[...map], [...map.keys()]]).to.deep.equal([[[1, 'one']], [1]]);
    map.clear();
    expectEmpty();
  });
});
