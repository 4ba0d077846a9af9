import { Public } from '@gatehouse/guards';
import { matchesIfNoneMatch, Problem } from '@gatehouse/service-kit';
import { Controller, Get, Inject, Param, Query, Res } from '@nestjs/common';
import { ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { StatusListTokenService } from '../tokens/status-lists/status-list-token.service.js';
import { StatusSnapshotService } from '../tokens/status-lists/status-snapshot.service.js';
import {
  buildStatusListUri,
  STATUS_LISTS_PATH,
} from '../tokens/status-lists/status-list.service.js';

const LIST_ID = /^[1-9]\d{0,8}$/;
/** Not cacheable, because the list may exist a moment later. */
const createNotFound = () => new Problem(404, { headers: { 'cache-control': 'no-store' } });

/** Tells resource servers which sessions were revoked before their access tokens expired (Token Status List §8). */
@ApiTags('status lists')
@Controller(STATUS_LISTS_PATH)
@Public()
export class StatusListsController {
  constructor(
    private readonly snapshots: StatusSnapshotService,
    private readonly tokens: StatusListTokenService,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  @Get()
  @ApiOperation({ summary: 'The addresses of all status lists (Token Status List §9)' })
  async all(@Res({ passthrough: true }) reply: FastifyReply) {
    if (!this.config.STATUS_LISTS) throw createNotFound();
    const { lists } = await this.snapshots.getSnapshot();
    reply.header('Cache-Control', this.cacheControl);
    return { status_lists: lists.map((list) => buildStatusListUri(this.config.ISSUER, list)) };
  }

  /** There is only one format, so `Accept` has no effect (RFC 9110 §12.5.1). */
  @Get(':list')
  @ApiOperation({
    summary:
      'A status list: one bit for each session, 1 if it was revoked (Token Status List §8.1)',
  })
  @ApiProduces('application/statuslist+jwt')
  async one(
    @Param('list') list: string,
    @Query('time') time: unknown,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string | undefined> {
    // "If the Server does not support the additional query parameter, it SHOULD return … 501" (§8.4).
    if (time !== undefined) throw new Problem(501, { detail: 'Only the status of now is known.' });
    const token = await this.findToken(list);
    if (!token) throw createNotFound();
    reply.header('Cache-Control', this.cacheControl);
    // Weak, because replicas sign the same list at different times.
    reply.header('ETag', `W/${token.entityTag}`);
    if (matchesIfNoneMatch(token.entityTag, reply.request.headers['if-none-match'])) {
      reply.code(304);
      return undefined;
    }
    reply.header('Content-Type', 'application/statuslist+jwt');
    return token.toJwt();
  }

  private async findToken(list: string) {
    if (!this.config.STATUS_LISTS || !LIST_ID.test(list)) return undefined;
    return this.tokens.find(Number(list));
  }

  private get cacheControl(): string {
    return `public, max-age=${this.config.STATUS_LIST_TTL}`;
  }
}
