import { Controller, Get, Header } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { SigningKeys } from './signing-keys.js';

@ApiTags('discovery')
@Controller('.well-known/jwks.json')
export class KeySetController {
  constructor(private readonly keys: SigningKeys) {}

  @Get()
  @Header('Cache-Control', 'public, max-age=300')
  @ApiOperation({ summary: 'The public keys that tokens are verified with (RFC 7517 §5)' })
  keySet() {
    return this.keys.keySet;
  }
}
