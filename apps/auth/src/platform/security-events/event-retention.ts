import {
  CLEANUP_BATCH_SIZE,
  CleanupJob,
  type CleanupStep,
  type CleanupTask,
  UnitOfWork,
} from '@gatehouse/persistence';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../../auth.config.js';
import type { StoredEvent } from './event-chain.js';
import { ConcurrentUpdate, SecurityEventRepository } from './security-event.repository.js';
import { SecurityEventService } from './security-event.service.js';

/** The chain is cut at most once a day, because each cut is an event. */
const DAY_MS = 86_400_000;

type ChainLink = Pick<StoredEvent, 'seq' | 'at' | 'hash'>;

/** Cuts events that are older than `EVENT_RETENTION` off the old end of the chain. The rest is still a valid chain. */
@Injectable()
export class EventRetentionCleanup implements CleanupTask, OnModuleInit {
  readonly name = 'security_event';

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly repository: SecurityEventRepository,
    private readonly events: SecurityEventService,
    private readonly cleanup: CleanupJob,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  onModuleInit(): void {
    this.cleanup.add(this);
  }

  async removeBatch(now: number): Promise<CleanupStep> {
    const keptFrom = now - this.config.EVENT_RETENTION * 1000;
    const expired = await this.findExpired(keptFrom);
    const last = expired.at(-1);
    if (!last || !isPruneDue(expired, keptFrom)) return { removed: 0, isDone: true };
    const removed = (await this.prune(expired, last)) ? expired.length : 0;
    return { removed, isDone: removed < CLEANUP_BATCH_SIZE };
  }

  /** A prefix of the chain, without a gap. It never contains the newest event, because the next event is linked to that. */
  private async findExpired(keptFrom: number): Promise<readonly ChainLink[]> {
    const links = await this.repository.findOldest(CLEANUP_BATCH_SIZE);
    const kept = links.findIndex(({ at }) => at >= keptFrom);
    return kept < 0 ? links : links.slice(0, kept);
  }

  /** Deletes the events and records the cut in one transaction. */
  private async prune(expired: readonly ChainLink[], { seq, hash }: ChainLink): Promise<boolean> {
    try {
      await this.unitOfWork.transaction(async () => {
        await this.events.record({ type: 'events.pruned', seq, hash });
        const deleted = await this.repository.deleteUpTo(seq);
        if (deleted !== expired.length) throw new ConcurrentUpdate();
      });
      return true;
    } catch (error) {
      if (error instanceof ConcurrentUpdate) return false;
      throw error;
    }
  }
}

/** A full batch is always due, so that a cut of several batches is finished in one turn. */
const isPruneDue = (expired: readonly ChainLink[], keptFrom: number): boolean =>
  expired.length === CLEANUP_BATCH_SIZE || (expired[0]?.at ?? keptFrom) < keptFrom - DAY_MS;
