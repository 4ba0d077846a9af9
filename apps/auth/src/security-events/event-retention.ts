import { UnitOfWork } from '@gatehouse/persistence';
import { Inject, Injectable } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { type Clearance, type Cleared, STEP_ROWS } from '../upkeep/clearance.js';
import { SecurityEvents } from './security-events.js';

/** Cut once a day at most: each cut is an event itself. */
const DAY_MS = 86_400_000;

interface Link {
  readonly seq: number;
  readonly at: number;
  readonly hash: string;
}

/** Somebody else cut meanwhile. */
class Overtaken extends Error {}

/** Cuts events that are older than `EVENT_RETENTION` off the old end of the chain. What is left still is a chain. */
@Injectable()
export class EventRetention implements Clearance {
  readonly name = 'security_event';

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly events: SecurityEvents,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  async step(now: number): Promise<Cleared> {
    const keptFrom = now - this.config.EVENT_RETENTION * 1000;
    const old = await this.oldest(keptFrom);
    const last = old.at(-1);
    if (!last || !isDue(old, keptFrom)) return { removed: 0, isDone: true };
    const removed = (await this.cut(old, last)) ? old.length : 0;
    return { removed, isDone: removed < STEP_ROWS };
  }

  /** From the beginning of the chain, without a gap. Never the newest event: the next one is linked to it. */
  private async oldest(keptFrom: number): Promise<readonly Link[]> {
    const links = await this.unitOfWork.query<Link>(
      `SELECT seq, at, hash FROM security_event WHERE seq < (SELECT max(seq) FROM security_event)
       ORDER BY seq LIMIT ${STEP_ROWS}`,
    );
    const kept = links.findIndex(({ at }) => at >= keptFrom);
    return kept < 0 ? links : links.slice(0, kept);
  }

  /** The cut and the event that tells of it, or neither. */
  private async cut(old: readonly Link[], { seq, hash }: Link): Promise<boolean> {
    try {
      await this.unitOfWork.transaction(async () => {
        await this.events.record({ type: 'events.pruned', seq, hash });
        const { affected } = await this.unitOfWork.execute(
          'DELETE FROM security_event WHERE seq <= $1',
          [seq],
        );
        if (affected !== old.length) throw new Overtaken();
      });
      return true;
    } catch (error) {
      if (error instanceof Overtaken) return false;
      throw error;
    }
  }
}

/** A whole step's worth is due at once, so that a cut that took many steps is finished. */
const isDue = (old: readonly Link[], keptFrom: number): boolean =>
  old.length === STEP_ROWS || (old[0]?.at ?? keptFrom) < keptFrom - DAY_MS;
