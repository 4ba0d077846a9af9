import { readFile } from 'node:fs/promises';
import { ExpressAdapter } from '@nestjs/platform-express';
import { NestFactory } from '@nestjs/core';
import request from 'supertest';
import { GuardsModule } from '../../src/index.js';
import { AppModule } from './readme/app.module.js';

const read = (path: string) => readFile(new URL(path, import.meta.url), 'utf8');
const readme = await read('../../README.md');

describe('README', () => {
  const blocks = [...readme.matchAll(/```ts\n(\/\/ (\S+)\n[^]*?)```/g)];

  it.each(blocks.map(([, code = '', file = '']): [string, string] => [file, code]))(
    'shows %s exactly as the tests compile and run it',
    async (file, code) => {
      expect(code).toBe(await read(`./readme/${file}`));
    },
  );

  it('shows four code blocks that are tested', () => {
    expect(blocks).toHaveLength(4);
  });

  it('shows options that GuardsModule.forRoot() accepts', async () => {
    const { options } = await import('./readme/several-issuers.js');
    expect(() => GuardsModule.forRoot(options)).not.toThrow();
  });

  it('shows an application that starts and refuses requests without a token', async () => {
    const app = await NestFactory.create(AppModule, new ExpressAdapter(), { logger: false });
    await app.listen(0, '127.0.0.1');
    await request(app.getHttpServer()).get('/orders').expect(401);
    await request(app.getHttpServer()).get('/orders/prices').expect(200, { pizza: 12 });
    await app.close();
  });
});
