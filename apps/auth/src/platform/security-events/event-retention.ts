import {
  CLEANUP_BATCH_SIZE,
  type CleanupStep,
  type CleanupTask,
  UnitOfWork,
} from '@gatehouse/persistence';
import { Inject, Injectable } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../../auth.config.js';
import { SecurityEventService } from './security-event.service.js';

/** Cut once a day at most: each cut is an event itself. */
const DAY_MS = 86_400_000;

interface ChainLink {
  readonly seq: number;
  readonly at: number;
  readonly hash: string;
}

/** Somebody else cut meanwhile. */
class ConcurrentUpdate extends Error {}

/** Cuts events that are older than `EVENT_RETENTION` off the old end of the chain. What is left still is a chain. */
@Injectable()
export class EventRetentionCleanup implements CleanupTask {
  readonly name = 'security_event';

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly events: SecurityEventService,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  async removeBatch(now: number): Promise<CleanupStep> {
    const keptFrom = now - this.config.EVENT_RETENTION * 1000;
    const old = await this.findExpired(keptFrom);
    const last = old.at(-1);
    if (!last || !isPruneDue(old, keptFrom)) return { removed: 0, isDone: true };
    const removed = (await this.prune(old, last)) ? old.length : 0;
    return { removed, isDone: removed < CLEANUP_BATCH_SIZE };
  }

  /** From the beginning of the chain, without a gap. Never the newest event: the next one is linked to it. */
  private async findExpired(keptFrom: number): Promise<readonly ChainLink[]> {
    const links = await this.unitOfWork.query<ChainLink>(
      `SELECT seq, at, hash FROM security_event WHERE seq < (SELECT max(seq) FROM security_event)
       ORDER BY seq LIMIT ${CLEANUP_BATCH_SIZE}`,
    );
    const kept = links.findIndex(({ at }) => at >= keptFrom);
    return kept < 0 ? links : links.slice(0, kept);
  }

  /** The cut and the event that tells of it, or neither. */
  private async prune(old: readonly ChainLink[], { seq, hash }: ChainLink): Promise<boolean> {
    try {
      await this.unitOfWork.transaction(async () => {
        await this.events.record({ type: 'events.pruned', seq, hash });
        const { affected } = await this.unitOfWork.execute(
          'DELETE FROM security_event WHERE seq <= $1',
          [seq],
        );
        if (affected !== old.length) throw new ConcurrentUpdate();
      });
      return true;
    } catch (error) {
      if (error instanceof ConcurrentUpdate) return false;
      throw error;
    }
  }
}

/** A whole step's worth is due at once, so that a cut that took many steps is finished. */
const isPruneDue = (old: readonly ChainLink[], keptFrom: number): boolean =>
  old.length === CLEANUP_BATCH_SIZE || (old[0]?.at ?? keptFrom) < keptFrom - DAY_MS;
