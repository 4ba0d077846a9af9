import { readFile } from 'node:fs/promises';
import { ExpressAdapter } from '@nestjs/platform-express';
import { expectGuarded } from '../../testing/index.js';
import { guardedApp } from '../support/guarded-app.js';
import { startIssuers } from './testing-page/several-issuers.js';

const read = (path: string) => readFile(new URL(path, import.meta.url), 'utf8');
const page = await read('../../docs/testing.md');

describe('page about tests', () => {
  const blocks = [...page.matchAll(/```ts(?: fragment)?\n(\/\/ (\S+)\n[^]*?)```/g)];

  it.each(blocks.map(([, code = '', file = '']): [string, string] => [file, code]))(
    'shows %s exactly as the tests compile and run it',
    async (file, code) => {
      expect(code).toBe(await read(`./testing-page/${file}`));
    },
  );

  it('shows three code blocks', () => {
    expect(blocks).toHaveLength(3);
  });

  it('shows issuers in the form of presets, which one application accepts', async () => {
    const { asShop, asPartners, options } = await startIssuers();
    const app = await guardedApp(() => new ExpressAdapter(), options);

    expect(await expectGuarded(app, asShop)).toHaveLength(2);
    expect(await expectGuarded(app, asPartners)).toHaveLength(2);
    await Promise.all([app.close(), asShop.close(), asPartners.close()]);
  });
});
