import { once } from 'node:events';
import { UnitOfWork } from '@gatehouse/persistence';
import { Inject, Injectable, type INestApplicationContext } from '@nestjs/common';
import { type Answer, asJson, asText } from './answer.js';
import { TERMINAL, type Terminal } from './terminal.js';

/** The services of the authorization server; see {@link ServerModule}. */
export type Server = Pick<INestApplicationContext, 'get'>;
export type OpenServer = () => Promise<INestApplicationContext>;
export const OPEN_SERVER = Symbol('OPEN_SERVER');

export interface LookOptions {
  readonly json?: boolean | undefined;
}
export interface ChangeOptions extends LookOptions {
  readonly dryRun?: boolean | undefined;
}

type Work = (server: Server) => Promise<Answer>;

/**
 * Who gives the orders. The server's services are opened when a command needs them and not before, so help and faults of
 * usage need neither configuration nor database.
 */
@Injectable()
export class Operator {
  constructor(
    @Inject(OPEN_SERVER) private readonly open: OpenServer,
    @Inject(TERMINAL) private readonly terminal: Terminal,
  ) {}

  /** Tells what is. */
  async look(options: LookOptions, work: Work): Promise<void> {
    this.say(await this.withServer(work), { json: options.json });
  }

  /** Changes something; in a dry run, takes it back and tells what it would have been. */
  async change({ json, dryRun = false }: ChangeOptions, work: Work): Promise<void> {
    const answer = await this.withServer((server) =>
      dryRun ? rehearse(server.get(UnitOfWork), () => work(server)) : work(server),
    );
    this.say(answer, { json, dryRun });
  }

  /** For operations that need no server, and for those that write as they go. */
  say(answer: Answer, { json, dryRun }: ChangeOptions): void {
    this.terminal.output.write(json ? asJson(answer, dryRun) : asText(answer, dryRun));
  }

  async write(text: string): Promise<void> {
    if (!this.terminal.output.write(text)) await once(this.terminal.output, 'drain');
  }

  /** For people only: standard output may be piped into a file. */
  advise(text: string): void {
    this.terminal.errors.write(`${text}\n`);
  }

  async withServer<T>(work: (server: Server) => Promise<T>): Promise<T> {
    const server = await this.open();
    try {
      return await work(server);
    } finally {
      await server.close();
    }
  }
}

/** Carries the answer out of a transaction that must not last. */
class Rehearsed extends Error {
  constructor(readonly answer: Answer) {
    super('rolled back after a dry run');
  }
}

/** The operation itself with its refusals and counts, in a transaction that is rolled back at the end. */
async function rehearse(unitOfWork: UnitOfWork, work: () => Promise<Answer>): Promise<Answer> {
  try {
    return await unitOfWork.transaction(async () => {
      throw new Rehearsed(await work());
    });
  } catch (error) {
    if (error instanceof Rehearsed) return error.answer;
    throw error;
  }
}
