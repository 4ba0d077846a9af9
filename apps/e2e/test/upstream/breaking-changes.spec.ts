/** Tools are no project, and JavaScript. */
interface Tool {
  readonly breakingChanges: (before: object, after: object) => string[];
}
const TOOL = new URL('../../../../tools/docs/breaking-changes.mjs', import.meta.url).href;
const { breakingChanges }: Tool = await import(TOOL);

const READ = { token: ['orders:read'] };

/** Of every change one table has what it does to a request, the other what it does to a response. */
const item = (schema: object) => ({
  type: 'object',
  properties: { a: { type: 'string' }, b: schema },
  required: ['a'],
  additionalProperties: false,
});
const document = (operation: object, method = 'post') => ({
  paths: { '/orders': { [method]: { responses: { 200: {} }, ...operation } } },
});
const asking = (schema: object, more = {}) =>
  document({ requestBody: { content: { 'application/json': { schema } }, ...more } });
const answering = (schema: object, status = 200) =>
  document({ responses: { [status]: { content: { 'application/json': { schema } } } } });
const secured = (...security: object[]) => document({ security });
const parameter = (more: object) =>
  document({ parameters: [{ name: 'q', in: 'query', schema: { type: 'string' }, ...more }] });

const A = item({ type: 'integer' });
const changesOfA = {
  'a member more': { ...A, properties: { ...A.properties, c: { type: 'string' } } },
  'a member less': { ...A, properties: { a: A.properties.a } },
  'a member that is required': { ...A, required: ['a', 'b'] },
  'a member that may be left out': { ...A, required: [] },
  'a wider type': item({ type: 'number' }),
  'another type': item({ type: 'string' }),
  'null, too': item({ type: ['integer', 'null'] }),
  'a limit': item({ type: 'integer', maximum: 5 }),
  'fewer values': item({ type: 'integer', enum: [1, 2] }),
  'a description': item({ type: 'integer', description: 'of b', example: 3 }),
  'a word that is not known here': item({ type: 'integer', multipleOf: 2 }),
};

describe('breaking changes of an API', () => {
  it.each<[keyof typeof changesOfA, string[]]>([
    ['a member more', []],
    ['a member less', ['the request body has no member `b` any more']],
    ['a member that is required', ['the request body must have `b` now']],
    ['a member that may be left out', []],
    ['a wider type', []],
    ['another type', ['`b` of the request body has another type']],
    ['null, too', []],
    ['a limit', ['`b` of the request body has another `maximum`']],
    ['fewer values', ['`b` of the request body has other values']],
    ['a description', []],
    ['a word that is not known here', ['`b` of the request body has another `multipleOf`']],
  ])('in a request: %s', (change, says) => {
    const changes = breakingChanges(asking(A), asking(changesOfA[change]));
    expect(changes).toEqual(says.map((each) => `POST /orders: ${each}`));
  });

  it.each<[keyof typeof changesOfA, string[]]>([
    ['a member more', []],
    ['a member less', ['the response 200 has no member `b` any more']],
    ['a member that is required', []],
    ['a member that may be left out', ['the response 200 may come without `a` now']],
    ['a wider type', ['`b` of the response 200 has another type']],
    ['another type', ['`b` of the response 200 has another type']],
    ['null, too', ['`b` of the response 200 has another type']],
    ['a limit', []],
    ['fewer values', []],
    ['a description', []],
    ['a word that is not known here', ['`b` of the response 200 has another `multipleOf`']],
  ])('in a response: %s', (change, says) => {
    const changes = breakingChanges(answering(A), answering(changesOfA[change]));
    expect(changes).toEqual(says.map((each) => `POST /orders: ${each}`));
  });

  it.each<[string, object, object, string[]]>([
    ['nothing', document({}), document({}), []],
    ['a route that is gone', document({}), { paths: {} }, ['POST /orders is gone']],
    ['another method', document({}), document({}, 'put'), ['POST /orders is gone']],
    [
      'a status that is gone',
      answering(A),
      answering(A, 201),
      ['POST /orders: the response 200 is gone'],
    ],
    ['a parameter more', document({}), parameter({}), []],
    [
      'a required parameter more',
      document({}),
      parameter({ required: true }),
      ['POST /orders: `q` in query is required now'],
    ],
    [
      'a parameter that is required',
      parameter({}),
      parameter({ required: true }),
      ['POST /orders: `q` in query is required now'],
    ],
    [
      'a parameter that is gone',
      parameter({}),
      document({}),
      ['POST /orders: `q` in query is gone'],
    ],
    [
      'a parameter with a pattern',
      parameter({}),
      parameter({ schema: { type: 'string', pattern: '^a' } }),
      ['POST /orders: `q` in query has another `pattern`'],
    ],
    [
      'a body that is required',
      document({}),
      asking(A, { required: true }),
      ['POST /orders: a request body is required now'],
    ],
    ['a scope less', secured(READ), secured({ token: [] }), []],
    ['another way in', secured(READ), secured({ token: ['x'] }, READ), []],
    [
      'a scope more',
      secured(READ),
      secured({ token: ['orders:read', 'x'] }),
      ['POST /orders: token `orders:read` is not enough any more, but token `orders:read` `x`'],
    ],
    [
      'a way in less',
      secured(READ, { token: ['any'] }),
      secured(READ),
      ['POST /orders: token `any` is not enough any more, but token `orders:read`'],
    ],
    [
      'no public route any more',
      secured(),
      secured(READ),
      ['POST /orders: no credential is not enough any more, but token `orders:read`'],
    ],
  ])('%s', (_change, before, after, says) => {
    expect(breakingChanges(before, after)).toEqual(says);
  });

  it('reports a changed schema that requests or responses refer to', () => {
    const withSchema = (schema: object) => ({ paths: {}, components: { schemas: { A: schema } } });
    expect(breakingChanges(withSchema(A), withSchema({ ...A, required: [] }))).toEqual([
      'the schema `A` may come without `a` now',
    ]);
  });
});
