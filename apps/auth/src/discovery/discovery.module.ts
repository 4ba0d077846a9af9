import { Module } from '@nestjs/common';
import { KeysModule } from '../keys/keys.module.js';
import { ResourceServersModule } from '../resource-servers/resource-servers.module.js';
import { DiscoveryController } from './discovery.controller.js';

@Module({ imports: [KeysModule, ResourceServersModule], controllers: [DiscoveryController] })
export class DiscoveryModule {}
