import { Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { OAuthErrorFilter } from './oauth-error.filter.js';

/** Nest asks the filters of later modules first: import this one after the service-kit's, and before the guards'. */
@Module({ providers: [{ provide: APP_FILTER, useClass: OAuthErrorFilter }] })
export class OAuthErrorsModule {}
