import { Module } from '@nestjs/common';
import { ResourceServersModule } from '../resource-servers/resource-servers.module.js';
import { DiscoveryController } from './discovery.controller.js';

@Module({ imports: [ResourceServersModule], controllers: [DiscoveryController] })
export class DiscoveryModule {}
