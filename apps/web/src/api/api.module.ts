import { Module } from '@nestjs/common';
import { TokensModule } from '../tokens/tokens.module.js';
import { ApiClient } from './api.client.js';
import { ApiController } from './api.controller.js';
import { ApiService } from './api.service.js';

@Module({
  imports: [TokensModule],
  controllers: [ApiController],
  providers: [ApiClient, ApiService],
  exports: [ApiClient, TokensModule],
})
export class ApiModule {}
