import { Injectable } from '@nestjs/common';
import { Command, Option, SubCommand } from 'nest-commander';
import {
  EventChainService,
  exportEvents,
} from '../platform/security-events/event-chain.service.js';
import type { StoredEvent } from '../platform/security-events/stored-event.js';
import { resolveAccountId } from './lookups.js';
import { OperationRunner, type ReadOptions, type Server } from './operation-runner.js';
import { CommandGroup, OpsCommand } from './ops-command.js';
import { parseNaturalNumber } from './option-parsers.js';
import { OperationRefused, UsageError } from './errors.js';
import { formatCount, formatTable, formatUtc } from './table.js';

interface EventOptions extends ReadOptions {
  readonly account?: string;
  readonly type?: string;
  readonly after?: number;
}

/** Which events. */
@Injectable()
abstract class EventCommand extends OpsCommand {
  constructor(protected readonly operator: OperationRunner) {
    super();
  }

  @Option({ flags: '--account <email-or-id>', description: 'of this account only' })
  account(text: string): string {
    return text;
  }

  @Option({ flags: '--type <type>', description: 'of this type only, such as family.ended' })
  type(text: string): string {
    return text;
  }

  @Option({ flags: '--after <seq>', description: 'those that came after this place in the chain' })
  after(text: string): number {
    return parseNaturalNumber(text);
  }
}

/** What was reported a moment ago is put into the chain first: the server may be standing still. */
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

@SubCommand({ name: 'list', description: 'security events in the order of their chain' })
export class ListEventsCommand extends EventCommand {
  run(_: string[], options: EventOptions & { readonly limit?: number }): Promise<void> {
    return this.operator.read(options, async (server) => {
      const chain = await openChain(server);
      const limit = options.limit ?? 50;
      const events = await chain.findEvents({ ...(await toEventQuery(server, options)), limit });
      return { value: events.map(addTime), text: formatEvents(events, limit) };
    });
  }

  @Option({ flags: '--limit <count>', description: 'at most so many; default 50' })
  limit(text: string): number {
    return parseNaturalNumber(text, 10_000);
  }
}

/** With the text that the hash is over, and with what it says. */
const addTime = (event: StoredEvent) => ({ ...event, time: new Date(event.at).toISOString() });

function formatEvents(events: readonly StoredEvent[], limit: number): string {
  const rows = events.map(({ seq, at, type, accountId, detail }) => [
    String(seq),
    formatUtc(at),
    type,
    accountId,
    detail,
  ]);
  const all = formatTable(['SEQ', 'TIME', 'TYPE', 'ACCOUNT', 'DETAIL'], rows);
  const more = `\nThere may be more: --after ${events.at(-1)?.seq ?? 0}`;
  return events.length < limit ? all : all + more;
}

@SubCommand({ name: 'export', description: 'the events as JSON lines; with --json, as one array' })
export class ExportEventsCommand extends EventCommand {
  run(_: string[], options: EventOptions): Promise<void> {
    return this.operator.withServer(async (server) => {
      const lines = exportEvents(await openChain(server), await toEventQuery(server, options));
      if (!options.json) {
        for await (const line of lines) await this.operator.write(line);
        return;
      }
      let separator = '[';
      for await (const line of lines) {
        await this.operator.write(separator + line);
        separator = ',';
      }
      await this.operator.write(separator === '[' ? '[]\n' : ']\n');
    });
  }
}

const HEAD_FORMAT = /^([1-9]\d{0,14}):([\w-]{43})$/;

@SubCommand({ name: 'verify', description: 'walk the whole chain; exit code 1 where it is broken' })
export class VerifyEventsCommand extends OpsCommand {
  constructor(private readonly operator: OperationRunner) {
    super();
  }

  run(_: string[], { head, json }: ReadOptions & { readonly head?: string }): Promise<void> {
    const noted = head === undefined ? undefined : parseHead(head);
    return this.operator.withServer(async (server) => {
      const verdict = await (await openChain(server)).verify(noted);
      const { events, brokenAt } = verdict;
      const text = `The chain holds: ${formatCount(events, 'event')}.`;
      if (brokenAt === undefined || json) this.operator.print({ value: verdict, text }, { json });
      if (brokenAt === undefined) return;
      throw new OperationRefused(
        `the chain is broken at ${brokenAt}: after ${formatCount(events, 'good event')}`,
      );
    });
  }

  @Option({ flags: '--head <seq:hash>', description: 'that was noted before: it must be in there' })
  head(text: string): string {
    return text;
  }
}

function parseHead(text: string) {
  const [, seq, hash] = HEAD_FORMAT.exec(text) ?? [];
  if (seq === undefined || hash === undefined) {
    throw new UsageError('--head is what "events head" printed: <seq>:<hash>');
  }
  return { seq: Number(seq), hash };
}

@SubCommand({ name: 'head', description: 'the end of the chain, to note where nobody can write' })
export class ShowEventHeadCommand extends OpsCommand {
  constructor(private readonly operator: OperationRunner) {
    super();
  }

  run(_: string[], options: ReadOptions): Promise<void> {
    return this.operator.read(options, async (server) => {
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
