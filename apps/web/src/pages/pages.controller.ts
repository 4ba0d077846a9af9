import { Problem } from '@gatehouse/service-kit';
import { Controller, Get, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ClientFiles } from './client-files.js';

/** Nothing is inline, and no other origin is reached (RFC 10017 §6.4.2). */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

/** Vite puts a hash of the content into the names of these files. */
const HASHED = /^\/assets\//;

/** The client: its files, and its page for every path that a browser opens. */
@Controller()
export class PagesController {
  constructor(private readonly files: ClientFiles) {}

  @Get('*')
  get(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    const [path = '/'] = request.url.split('?');
    const file = path.endsWith('.html') ? undefined : this.files.find(path);
    if (!file) return this.sendPage(path, request, reply);
    const cache = HASHED.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache';
    void reply.header('cache-control', cache).type(file.type).send(file.content);
  }

  private sendPage(path: string, { headers }: FastifyRequest, reply: FastifyReply): void {
    const page = this.files.find('/index.html');
    const isWanted = !HASHED.test(path) && headers.accept?.includes('text/html');
    if (!page || !isWanted) throw new Problem(404, { detail: 'There is no such page.' });
    void reply
      .headers({ 'cache-control': 'no-store', 'content-security-policy': PAGE_POLICY })
      .type(page.type)
      .send(page.content);
  }
}
