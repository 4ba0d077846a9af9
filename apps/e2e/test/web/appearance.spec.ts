import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from '../support/workspace.js';

/** The colours of both schemes, and the font of the body. */
async function readLook(path: string): Promise<object> {
  const text = await readFile(join(ROOT, path), 'utf8');
  const schemes = [...text.matchAll(/:root \{([^}]*)\}/g)].map(([, block = '']) =>
    [...block.matchAll(/(--[\w-]+): ([^;]+);/g)].map(([, name, value]) => `${name}: ${value}`),
  );
  const [, font = ''] = /\n\s+font:\s+([^;]+);/.exec(text) ?? [];
  const [, titleSize = ''] = /\nh1 \{[^}]*font-size: ([^;]+);/.exec(text) ?? [];
  return { schemes, font: font.replaceAll(/\s+/g, ' '), titleSize };
}

it('shows the pages of the tools in the colours and the font of the sign-in, in light and dark', async () => {
  const look = await readLook('apps/web/client/src/stylesheet.css');

  expect(look).toEqual(await readLook('apps/auth/src/pages/stylesheet.css'));
  expect(look).toMatchObject({
    schemes: [expect.any(Array), expect.arrayContaining(['--ink: #e6ebef'])],
    font: expect.stringContaining('system-ui'),
    titleSize: '1.5rem',
  });
});
