import { Module } from '@nestjs/common';
import { ClientsModule } from '../clients/clients.module.js';
import { IssuedTokensModule } from '../issued-tokens/issued-tokens.module.js';
import { Introspection } from './introspection.js';
import { IntrospectionController } from './introspection.controller.js';

@Module({
  imports: [ClientsModule, IssuedTokensModule],
  controllers: [IntrospectionController],
  providers: [Introspection],
})
export class IntrospectionModule {}
