import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import createClient from 'openapi-fetch';
import type { paths as Auth } from '../../src/contracts/auth.js';
import type { paths as Orders } from '../../src/contracts/orders.js';
import { type Stack, startStack } from '../support/stack.js';
import { aPerson, register } from '../support/auth-api.js';
import { type AppName, ROOT } from '../support/workspace.js';

const APPS: readonly AppName[] = ['auth', 'orders', 'billing'];

describe.each(APPS)('the OpenAPI document of %s', (app) => {
  let document: unknown;

  beforeAll(async () => {
    document = JSON.parse(await readFile(join(ROOT, 'apps', app, 'openapi.json'), 'utf8'));
  });

  it('accepts every example of a document with its own schema', () => {
    // Formats are patterns, too: zod writes both.
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    const examples = objectsIn(document).filter(isExample);
    const refused = examples.filter((schema) => !ajv.validate(schema, schema.example));
    expect(refused).toEqual([]);
    if (app !== 'auth') expect(examples.length).toBeGreaterThan(3);
  });

  it('says of every operation who may call it', () => {
    const operations = objectsIn(document).filter((each) => 'operationId' in each);
    expect(operations.length).toBeGreaterThan(4);
    expect(operations.filter((each) => !('security' in each))).toEqual([]);
  });
});

describe('a client whose types are made from the documents', () => {
  let stack: Stack;

  beforeAll(async () => {
    stack = await startStack();
  });

  it('logs in, places an order and reads it, by names that the compiler knows', async () => {
    const person = aPerson();
    await register(stack.auth.url, person);
    const auth = createClient<Auth>({ baseUrl: stack.auth.url });
    const { data: tokens } = await auth.POST('/auth/login', { body: person });

    const headers = { authorization: `Bearer ${tokens?.access_token}` };
    const orders = createClient<Orders>({ baseUrl: stack.orders.url, headers });
    const items = [{ sku: 'tea', quantity: 2, unitPriceMinor: 450 }];
    const placed = await orders.POST('/orders', { body: { items, currency: 'EUR' } });
    expect(placed.data).toMatchObject({ state: 'placed', totalMinor: 900, cancelledAt: null });

    const path = { id: placed.data?.id ?? '' };
    const read = await orders.GET('/orders/{id}', { params: { path } });
    expect(read.data).toEqual(placed.data);
    const header = { 'If-Match': read.response.headers.get('etag') ?? '' };
    const cancelled = await orders.POST('/orders/{id}/cancel', { params: { path, header } });
    expect(cancelled.data?.state).toBe('cancelled');
    // @ts-expect-error an order has no such member
    expect(cancelled.data?.colour).toBeUndefined();
  });
});

function objectsIn(value: unknown): object[] {
  if (typeof value !== 'object' || value === null) return [];
  return [value, ...Object.values(value).flatMap(objectsIn)];
}

/** A schema with an example of itself; not a member that is called so. */
const isExample = (each: object): each is object & { readonly example: unknown } =>
  'example' in each && 'type' in each;
