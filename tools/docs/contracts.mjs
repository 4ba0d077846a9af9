import openapiTS, { astToString } from 'openapi-typescript';
import { APPS } from '../workspace.mjs';
import { running } from './running-app.mjs';

const documents = new Map();

export const contractFile = (app) => `apps/${app}/openapi.json`;

/** The OpenAPI document of an app, which is what its decorators and schemas say. */
export function contractOf(app) {
  if (!documents.has(app)) documents.set(app, running(app, documentOf));
  return documents.get(app);
}

async function documentOf(service) {
  return (await service.inject({ url: '/docs-json' })).json();
}

/** Of every app the document, and the types that its clients in the end-to-end tests are compiled with. */
export const contractPages = Object.fromEntries(
  APPS.flatMap((app) => [
    [contractFile(app), async () => JSON.stringify(await contractOf(app))],
    [`apps/e2e/src/contracts/${app}.ts`, () => clientTypes(app)],
  ]),
);

async function clientTypes(app) {
  const types = astToString(await openapiTS(structuredClone(await contractOf(app))));
  return `/** Written by npm run docs:build from ${contractFile(app)}. */\n${types}`;
}
