import { readFile } from 'node:fs/promises';
import { ExpressAdapter } from '@nestjs/platform-express';
import { NestFactory } from '@nestjs/core';
import request from 'supertest';
import { resolveOptions } from '../src/resolve-options.js';
import { AppModule } from './readme/app.module.js';

const read = (path: string) => readFile(new URL(path, import.meta.url), 'utf8');
const readme = await read('../README.md');

describe('the README', () => {
  const blocks = [...readme.matchAll(/```ts\n(\/\/ (\S+)\n[^]*?)```/g)];

  it.each(blocks.map(([, code = '', file = '']): [string, string] => [file, code]))(
    'shows %s as it is compiled and run',
    async (file, code) => {
      expect(code).toBe(await read(`./readme/${file}`));
    },
  );

  it('shows all three of them', () => {
    expect(blocks).toHaveLength(3);
  });

  it('has an application that starts and is closed', async () => {
    const app = await NestFactory.create(AppModule, new ExpressAdapter(), { logger: false });
    await app.init();
    await request(app.getHttpServer()).get('/orders').expect(401);
    await request(app.getHttpServer()).get('/orders/prices').expect(200, { pizza: 12 });
    await app.close();
  });

  it('lists every option', () => {
    const options = resolveOptions({ issuer: 'https://a', audience: 'b', algorithms: ['ES256'] });
    const names = [
      ...Object.keys(options).filter((name) => name !== 'keySet'),
      ...Object.keys(options.keySet).map((name) => `keySet.${name}`),
    ];
    const documented = [...readme.matchAll(/^\| `([\w.]+)` +\|/gm)].map(([, name]) => name);
    for (const name of names) expect(documented).toContain(name);
  });
});
