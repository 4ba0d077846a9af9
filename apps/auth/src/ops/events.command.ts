import { Injectable } from '@nestjs/common';
import { Command, Option, SubCommand } from 'nest-commander';
import type { StoredEvent } from '../platform/security-events/event-chain.js';
import { EventChainService } from '../platform/security-events/event-chain.service.js';
import {
  CommandGroup,
  OperationRunner,
  OpsCommand,
  type ReadOptions,
  type Server,
  resolveAccountId,
} from './operation-runner.js';
import { parseNaturalNumber } from './option-parsers.js';
import { OperationRefused, UsageError } from './errors.js';
import { formatCount, formatTable, formatUtc } from './table.js';

interface EventOptions extends ReadOptions {
  readonly account?: string;
  readonly type?: string;
  readonly after?: number;
}

/** Declares the options that select events. */
@Injectable()
abstract class EventCommand extends OpsCommand {
  constructor(protected readonly runner: OperationRunner) {
    super();
  }

  @Option({ flags: '--account <email-or-id>', description: 'only events of this account' })
  account(text: string): string {
    return text;
  }

  @Option({ flags: '--type <type>', description: 'only events of this type, such as family.ended' })
  type(text: string): string {
    return text;
  }

  @Option({ flags: '--after <seq>', description: 'only events after this place in the chain' })
  after(text: string): number {
    return parseNaturalNumber(text);
  }
}

/** Links pending events first, because no server may be running. */
async function openChain(server: Server): Promise<EventChainService> {
  const chain = server.get(EventChainService);
  await chain.linkPending();
  return chain;
}

async function toEventQuery(server: Server, { account, type, after }: EventOptions) {
  return {
    ...(account !== undefined && { accountId: await resolveAccountId(server, account) }),
    ...(type !== undefined && { type }),
    ...(after !== undefined && { after }),
  };
}

@SubCommand({ name: 'list', description: 'list security events in the order of their chain' })
export class ListEventsCommand extends EventCommand {
  run(_: string[], options: EventOptions & { readonly limit?: number }): Promise<void> {
    return this.runner.read(options, async (server) => {
      const chain = await openChain(server);
      const limit = options.limit ?? 50;
      const events = await chain.findEvents({ ...(await toEventQuery(server, options)), limit });
      return { value: events.map(addTime), text: formatEvents(events, limit) };
    });
  }

  @Option({ flags: '--limit <count>', description: 'maximum number of events; default 50' })
  limit(text: string): number {
    return parseNaturalNumber(text, 10_000);
  }
}

/** Keeps `at`, which the hash covers, and adds the same instant in ISO 8601. */
const addTime = (event: StoredEvent) => ({ ...event, time: new Date(event.at).toISOString() });

function formatEvents(events: readonly StoredEvent[], limit: number): string {
  const rows = events.map(({ seq, at, type, accountId, detail }) => [
    String(seq),
    formatUtc(at),
    type,
    accountId,
    detail,
  ]);
  const table = formatTable(['SEQ', 'TIME', 'TYPE', 'ACCOUNT', 'DETAIL'], rows);
  const hint = `\nThere may be more events: --after ${events.at(-1)?.seq ?? 0}`;
  return events.length < limit ? table : table + hint;
}

@SubCommand({
  name: 'export',
  description: 'print events as JSON lines; with --json, as one array',
})
export class ExportEventsCommand extends EventCommand {
  run(_: string[], options: EventOptions): Promise<void> {
    return this.runner.withServer(async (server) => {
      const chain = await openChain(server);
      const lines = chain.exportLines(await toEventQuery(server, options));
      if (!options.json) {
        for await (const line of lines) await this.runner.write(line);
        return;
      }
      let separator = '[';
      for await (const line of lines) {
        await this.runner.write(separator + line);
        separator = ',';
      }
      await this.runner.write(separator === '[' ? '[]\n' : ']\n');
    });
  }
}

const HEAD_FORMAT = /^([1-9]\d{0,14}):([\w-]{43})$/;

@SubCommand({ name: 'verify', description: 'verify the whole chain; exit code 1 if it is broken' })
export class VerifyEventsCommand extends OpsCommand {
  constructor(private readonly runner: OperationRunner) {
    super();
  }

  run(_: string[], { head, json }: ReadOptions & { readonly head?: string }): Promise<void> {
    const notedHead = head === undefined ? undefined : parseHead(head);
    return this.runner.withServer(async (server) => {
      const verification = await (await openChain(server)).verify(notedHead);
      const { events, brokenAt } = verification;
      const text = `The chain is intact: ${formatCount(events, 'event')}.`;
      if (brokenAt === undefined || json) {
        this.runner.print({ value: verification, text }, { json });
      }
      if (brokenAt === undefined) return;
      throw new OperationRefused(
        `the chain is broken at ${brokenAt}, after ${formatCount(events, 'valid event')}`,
      );
    });
  }

  @Option({
    flags: '--head <seq:hash>',
    description: 'a head that you noted before; the chain must contain it',
  })
  head(text: string): string {
    return text;
  }
}

function parseHead(text: string) {
  const [, seq, hash] = HEAD_FORMAT.exec(text) ?? [];
  if (seq === undefined || hash === undefined) {
    throw new UsageError('--head must be the output of "events head": <seq>:<hash>');
  }
  return { seq: Number(seq), hash };
}

@SubCommand({ name: 'head', description: 'print the newest place and hash, to note elsewhere' })
export class ShowEventHeadCommand extends OpsCommand {
  constructor(private readonly runner: OperationRunner) {
    super();
  }

  run(_: string[], options: ReadOptions): Promise<void> {
    return this.runner.read(options, async (server) => {
      const head = await (await openChain(server)).findHead();
      if (!head) throw new OperationRefused('there are no events yet');
      return { value: head, text: `${head.seq}:${head.hash}` };
    });
  }
}

export const EVENT_COMMANDS = [
  ListEventsCommand,
  ExportEventsCommand,
  VerifyEventsCommand,
  ShowEventHeadCommand,
];

@Command({ name: 'events', description: 'security events', subCommands: EVENT_COMMANDS })
export class EventsCommand extends CommandGroup {}
