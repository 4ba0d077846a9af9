import { Injectable, type OnApplicationShutdown, type OnModuleDestroy } from '@nestjs/common';

type Work = () => void | Promise<void>;

/** Whether the service has been told to stop. From then on it is not ready, and keeps no connection open. */
@Injectable()
export class Shutdown implements OnModuleDestroy, OnApplicationShutdown {
  private begun = false;
  private readonly last: Work[] = [];

  get hasBegun(): boolean {
    return this.begun;
  }

  /** Done once the last request was answered and connections are closed. */
  afterwards(work: Work): void {
    this.last.push(work);
  }

  onModuleDestroy(): void {
    this.begun = true;
  }

  async onApplicationShutdown(): Promise<void> {
    for (const work of this.last) await work();
  }
}
