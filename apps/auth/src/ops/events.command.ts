import { Injectable } from '@nestjs/common';
import { Command, Option, SubCommand } from 'nest-commander';
import { EventChain } from '../security-events/event-chain.js';
import { exportEvents } from '../security-events/event-export.js';
import type { StoredEvent } from '../security-events/stored-event.js';
import { idOf } from './account-of.js';
import { type LookOptions, Operator, type Server } from './operator.js';
import { CommandGroup, OpsCommand } from './ops-command.js';
import { naturalNumber } from './option-values.js';
import { Misuse, Refusal } from './refusal.js';
import { counted, inUtc, table } from './table.js';

interface EventOptions extends LookOptions {
  readonly account?: string;
  readonly type?: string;
  readonly after?: number;
}

/** Which events. */
@Injectable()
abstract class EventCommand extends OpsCommand {
  constructor(protected readonly operator: Operator) {
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
    return naturalNumber(text);
  }
}

/** What was reported a moment ago is put into the chain first: the server may be standing still. */
async function chainOf(server: Server): Promise<EventChain> {
  const chain = server.get(EventChain);
  await chain.link();
  return chain;
}

async function queryOf(server: Server, { account, type, after }: EventOptions) {
  return {
    ...(account !== undefined && { accountId: await idOf(server, account) }),
    ...(type !== undefined && { type }),
    ...(after !== undefined && { after }),
  };
}

@SubCommand({ name: 'list', description: 'security events in the order of their chain' })
export class ListEvents extends EventCommand {
  run(_: string[], options: EventOptions & { readonly limit?: number }): Promise<void> {
    return this.operator.look(options, async (server) => {
      const chain = await chainOf(server);
      const limit = options.limit ?? 50;
      const events = await chain.read({ ...(await queryOf(server, options)), limit });
      return { value: events.map(readable), text: tableOf(events, limit) };
    });
  }

  @Option({ flags: '--limit <count>', description: 'at most so many; default 50' })
  limit(text: string): number {
    return naturalNumber(text, 10_000);
  }
}

/** With the text that the hash is over, and with what it says. */
const readable = (event: StoredEvent) => ({ ...event, time: new Date(event.at).toISOString() });

function tableOf(events: readonly StoredEvent[], limit: number): string {
  const rows = events.map(({ seq, at, type, accountId, detail }) => [
    String(seq),
    inUtc(at),
    type,
    accountId,
    detail,
  ]);
  const all = table(['SEQ', 'TIME', 'TYPE', 'ACCOUNT', 'DETAIL'], rows);
  const more = `\nThere may be more: --after ${events.at(-1)?.seq ?? 0}`;
  return events.length < limit ? all : all + more;
}

@SubCommand({ name: 'export', description: 'the events as JSON lines; with --json, as one array' })
export class ExportEvents extends EventCommand {
  run(_: string[], options: EventOptions): Promise<void> {
    return this.operator.withServer(async (server) => {
      const lines = exportEvents(await chainOf(server), await queryOf(server, options));
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

const HEAD = /^([1-9]\d{0,14}):([\w-]{43})$/;

@SubCommand({ name: 'verify', description: 'walk the whole chain; exit code 1 where it is broken' })
export class VerifyEvents extends OpsCommand {
  constructor(private readonly operator: Operator) {
    super();
  }

  run(_: string[], { head, json }: LookOptions & { readonly head?: string }): Promise<void> {
    const noted = head === undefined ? undefined : headOf(head);
    return this.operator.withServer(async (server) => {
      const verdict = await (await chainOf(server)).verify(noted);
      const { events, brokenAt } = verdict;
      const text = `The chain holds: ${counted(events, 'event')}.`;
      if (brokenAt === undefined || json) this.operator.say({ value: verdict, text }, { json });
      if (brokenAt === undefined) return;
      throw new Refusal(
        `the chain is broken at ${brokenAt}: after ${counted(events, 'good event')}`,
      );
    });
  }

  @Option({ flags: '--head <seq:hash>', description: 'that was noted before: it must be in there' })
  head(text: string): string {
    return text;
  }
}

function headOf(text: string) {
  const [, seq, hash] = HEAD.exec(text) ?? [];
  if (seq === undefined || hash === undefined) {
    throw new Misuse('--head is what "events head" printed: <seq>:<hash>');
  }
  return { seq: Number(seq), hash };
}

@SubCommand({ name: 'head', description: 'the end of the chain, to note where nobody can write' })
export class HeadOfEvents extends OpsCommand {
  constructor(private readonly operator: Operator) {
    super();
  }

  run(_: string[], options: LookOptions): Promise<void> {
    return this.operator.look(options, async (server) => {
      const head = await (await chainOf(server)).head();
      if (!head) throw new Refusal('there are no events yet');
      return { value: head, text: `${head.seq}:${head.hash}` };
    });
  }
}

export const EVENT_COMMANDS = [ListEvents, ExportEvents, VerifyEvents, HeadOfEvents];

@Command({ name: 'events', description: 'security events', subCommands: EVENT_COMMANDS })
export class EventsCommand extends CommandGroup {}
