import { Module } from '@nestjs/common';
import { CrossOriginHook } from './cross-origin.hook.js';
import { RegisteredOrigins } from './registered-origins.js';

@Module({ providers: [CrossOriginHook, RegisteredOrigins] })
export class CrossOriginModule {}
