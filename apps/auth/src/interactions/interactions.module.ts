import { Module } from '@nestjs/common';
import { KeysModule } from '../keys/keys.module.js';
import { Interactions } from './interactions.js';

@Module({ imports: [KeysModule], providers: [Interactions], exports: [Interactions] })
export class InteractionsModule {}
