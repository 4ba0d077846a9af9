import { Body, Controller, Post } from '@nestjs/common';
import { z } from 'zod';
import { HealthModule } from '../../src/index.js';
import { startService, stopServices } from '../support/running-service.js';

const order = z.object({ product: z.string().max(10), quantity: z.int().min(1) });

@Controller()
class OrdersController {
  @Post('orders')
  place(@Body({ schema: order }) body: z.output<typeof order>) {
    return body;
  }
}

const health = HealthModule.forRootAsync({ inject: [], useFactory: () => ({}) });
const demo = { imports: [health], controllers: [OrdersController] };
const openApi = { title: 'Demo <b>', description: 'An example.' };

describe('the OpenAPI document', () => {
  afterEach(stopServices);

  it('contains the schemas of the routes and the security scheme', async () => {
    const { http } = await startService(demo, { openApi });
    const { body } = await http.get('/docs-json').expect(200);

    expect(body).toMatchObject({
      openapi: '3.1.0',
      info: { title: 'Demo <b>', description: 'An example.' },
      components: { securitySchemes: { 'access-token': { type: 'http', scheme: 'bearer' } } },
    });
    const { schema } = body.paths['/orders'].post.requestBody.content['application/json'];
    expect(schema).toMatchObject({
      required: ['product', 'quantity'],
      properties: { product: { type: 'string', maxLength: 10 }, quantity: { minimum: 1 } },
    });
    expect(Object.keys(body.paths)).toEqual(['/orders']);
  });

  it('declares HTTP Basic when that is the scheme', async () => {
    const { http } = await startService(demo, { openApi: { ...openApi, scheme: 'basic' } });
    const { body } = await http.get('/docs-json').expect(200);
    expect(body.components.securitySchemes).toEqual({ client: { type: 'http', scheme: 'basic' } });
  });

  it('serves no page without the option', async () => {
    const { http } = await startService(demo);
    await http.get('/docs').expect(404);
    await http.get('/docs-json').expect(404);
  });
});

describe('the page at /docs', () => {
  afterEach(stopServices);

  it('serves a page without inline code, so that its policy needs no unsafe source', async () => {
    const { http } = await startService(demo, { openApi });
    const page = await http
      .get('/docs')
      .expect(200)
      .expect('Content-Type', /text\/html/);

    expect(page.headers['content-security-policy']).toContain("script-src 'self'");
    expect(page.headers['content-security-policy']).not.toContain('unsafe');
    expect(page.text).not.toMatch(/<style|style=|onclick=|<script>/);
    expect(page.text).toContain('<title>Demo &#60;b&#62;</title>');
  });

  it('loads each of its files with the content type that nosniff requires', async () => {
    const { http } = await startService(demo, { openApi });
    const { text } = await http.get('/docs').expect(200);
    const paths = [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path ?? '');

    expect(paths).toHaveLength(4);
    // Relative, because a proxy may serve the page below a path.
    expect(paths.filter((path) => !path.startsWith('docs/'))).toEqual([]);
    for (const path of paths) {
      const file = await http.get(`/${path}`).expect(200);
      const wanted = { css: 'text/css', js: 'text/javascript', png: 'image/png' }[
        path.split('.').at(-1) ?? ''
      ];
      expect(file.headers['content-type']?.split(';')[0]).toBe(wanted);
    }
  });
});

describe('the root of a service that shows its page there', () => {
  afterEach(stopServices);
  const BROWSER = 'text/html,application/xhtml+xml,*/*;q=0.8';

  it('sends a browser to the page, and answers other clients 404', async () => {
    const { http } = await startService(demo, { openApi, showDocsAtRoot: true });
    const { headers } = await http.get('/').set('Accept', BROWSER).expect(302);
    expect(headers).toMatchObject({ location: 'docs', vary: 'Accept' });
    const { body } = await http.get('/').set('Accept', 'application/json').expect(404);
    expect(body).toMatchObject({ type: 'about:blank', detail: 'There is no such route.' });
  });

  it('answers 404 without the option', async () => {
    const { http } = await startService(demo, { openApi });
    await http.get('/').set('Accept', BROWSER).expect(404);
  });
});
