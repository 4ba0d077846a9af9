import { Module } from '@nestjs/common';
import { ResourceServers } from './resource-servers.js';

@Module({ providers: [ResourceServers], exports: [ResourceServers] })
export class ResourceServersModule {}
