import { fileURLToPath } from 'node:url';
import { type DynamicModule, Module } from '@nestjs/common';
import { ClientFiles } from './client-files.js';
import { PagesController } from './pages.controller.js';

const BUILT_CLIENT = fileURLToPath(new URL('../../dist/client', import.meta.url));

/** The client's files. Import it last, because it answers every path that no other controller has. */
@Module({})
export class PagesModule {
  static forRoot(folder = BUILT_CLIENT): DynamicModule {
    return {
      module: PagesModule,
      controllers: [PagesController],
      providers: [{ provide: ClientFiles, useFactory: () => new ClientFiles(folder) }],
    };
  }
}
