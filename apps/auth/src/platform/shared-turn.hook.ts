import { waitForEndOfTurn } from '@gatehouse/persistence';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';

/**
 * Requests that arrive in one event-loop turn go on together: all of them are read, then each step runs for all of them, up to
 * the signature and the answer, and their statements share a batch. Client credentials on sixteen connections need a quarter less
 * CPU time so (decision 34).
 *
 * `GET` is left out, because its answers have few steps.
 */
@Injectable()
export class SharedTurnHook implements OnModuleInit {
  private endOfTurn: Promise<void> | undefined;

  constructor(private readonly host: HttpAdapterHost) {}

  onModuleInit(): void {
    // The command line has no HTTP server.
    const server = this.host.httpAdapter?.getInstance<FastifyInstance>();
    server?.addHook('preValidation', (request, _reply, done) => {
      if (request.method === 'GET') return done();
      // Each request has its own `then`, so that its trace context stays its own.
      void this.joinTurn().then(() => done());
    });
  }

  private joinTurn(): Promise<void> {
    this.endOfTurn ??= waitForEndOfTurn().then(() => {
      this.endOfTurn = undefined;
    });
    return this.endOfTurn;
  }
}
