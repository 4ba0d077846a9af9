import { Module } from '@nestjs/common';
import { AuthorizationServerClient } from './authorization-server.client.js';

@Module({ providers: [AuthorizationServerClient], exports: [AuthorizationServerClient] })
export class AuthorizationServerModule {}
