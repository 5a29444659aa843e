import { type Kind, type Operation, OPERATIONS } from './operations.js';
import { list, ref, type Schema, SCHEMAS } from './schemas.js';

const KINDS: Readonly<Record<Kind, Schema>> = {
  numbers: list({ type: 'integer' }),
  number: { type: 'integer' },
  text: { type: 'string' },
  flag: { type: 'boolean' },
};

/**
 * `GET /api/openapi.json`: the API as OpenAPI 3.1 tells it.
 *
 * @param cookie the name of the one that a login sets
 */
export function openApi(version: string, cookie: string) {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const operation of OPERATIONS) {
    const path = `/api${operation.path.replace(/:(\w+)/g, '{$1}')}`;
    paths[path] = { ...paths[path], [operation.method]: described(operation) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'dsage monitor',
      version,
      description:
        'What the monitor shows and does. Times are milliseconds since the epoch, 0 is not yet. Log in with the link of `dsage web`. Changing requests need our own Origin, or the header X-Dsage: 1.',
    },
    paths,
    components: {
      schemas: SCHEMAS,
      securitySchemes: { session: { type: 'apiKey', in: 'cookie', name: cookie } },
    },
    security: [{ session: [] }],
  };
}

function described(operation: Operation) {
  const { method, path, summary, body, answer, isPublic } = operation;
  const words = path.split(/[/:.]+/).filter((word) => word !== '');
  return {
    operationId: [method, ...words].map((word, at) => (at === 0 ? word : capital(word))).join(''),
    summary,
    parameters: [...pathParameters(path), ...queryParameters(operation)],
    ...(body === undefined ? {} : { requestBody: bodyOf(body) }),
    ...(isPublic === true ? { security: [{ session: [] }, {}] } : {}),
    responses: {
      200: { description: 'Done.', content: contentOf(answer) },
      default: { description: 'Refused.', content: contentOf('Error') },
    },
  };
}

function pathParameters(path: string) {
  return [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => ({
    ...{ name, in: 'path', required: true },
    schema: { type: name === 'name' ? 'string' : 'integer' },
  }));
}

function queryParameters({ query = {}, path }: Operation) {
  return Object.entries(query).map(([name, description]) => ({
    ...{ name, in: 'query', description, schema: { type: 'string' } },
    required: path === '/events',
  }));
}

function bodyOf(fields: Readonly<Record<string, Kind>>) {
  const properties = Object.fromEntries(Object.entries(fields).map(([name, kind]) => [name, KINDS[kind]]));
  const required = Object.keys(fields).filter(
    (name) => fields[name] === 'numbers' || fields[name] === 'number',
  );
  return {
    required: true,
    content: { 'application/json': { schema: { type: 'object', properties, required } } },
  };
}

/** The answer's schema, or its media type where it is no JSON. */
function contentOf(answer: string) {
  if (answer.includes('/')) return { [answer]: {} };
  return { 'application/json': { schema: ref(answer) } };
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
