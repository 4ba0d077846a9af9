import { Public } from '@gatehouse/guards';
import { Clock, matchesIfNoneMatch } from '@gatehouse/service-kit';
import { Controller, Get, Headers, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { SigningKeyService } from './signing-key.service.js';

@ApiTags('discovery')
@Controller('.well-known/jwks.json')
@Public()
export class KeySetController {
  constructor(
    private readonly keys: SigningKeyService,
    private readonly clock: Clock,
  ) {}

  @Get()
  @ApiOperation({ summary: 'The public keys that tokens are verified with (RFC 7517 §5)' })
  keySet(
    @Headers('if-none-match') ifNoneMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): string | undefined {
    const { keySet } = this.keys;
    reply.header('Cache-Control', keySet.cacheControl(this.clock.now()));
    reply.header('ETag', keySet.entityTag);
    const isNew = !matchesIfNoneMatch(keySet.entityTag, ifNoneMatch);
    if (isNew) reply.type('application/json; charset=utf-8');
    else reply.code(304);
    return isNew ? keySet.text : undefined;
  }
}
