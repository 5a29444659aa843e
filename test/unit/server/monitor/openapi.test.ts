import { expect } from 'chai';

import { openApi } from '#dsage/server/monitor/openapi/document.js';

import { apiRoutes } from '../../../support/api-routes.js';

describe('the document of the API', () => {
  const document = openApi('1.2.3', 'dsage_session_ab');
  const told = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`),
  );

  it('tells every route, and no other', () => {
    expect(apiRoutes().sort()).to.deep.equal(told.sort());
  });

  it('names every shape that it uses', () => {
    const used = [...JSON.stringify(document).matchAll(/#\/components\/schemas\/(\w+)/g)].map(
      ([, name]) => name,
    );
    expect(Object.keys(document.components.schemas)).to.include.members(used);
  });
});
