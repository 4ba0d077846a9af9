import { Injectable, type OnModuleDestroy } from '@nestjs/common';

/** Whether the service has been told to stop. From then on it is not ready, and keeps no connection open. */
@Injectable()
export class Shutdown implements OnModuleDestroy {
  private begun = false;

  get hasBegun(): boolean {
    return this.begun;
  }

  onModuleDestroy(): void {
    this.begun = true;
  }
}
