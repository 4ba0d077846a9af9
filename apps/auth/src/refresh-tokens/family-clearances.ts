import { UnitOfWork } from '@gatehouse/persistence';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { byIndex } from '../upkeep/by-index.js';
import { byWalking } from '../upkeep/by-walking.js';
import { Janitor } from '../upkeep/janitor.js';

/**
 * Longer than any access token lives, so that a status list says of all of them that their session ended. The owner of a
 * refresh token sees no difference: it is refused in the same words.
 */
const DAY = 86_400;

export const ENDED_FAMILIES = {
  table: 'refresh_token_family',
  key: 'id',
  dead: 'ended_at < $1',
  indexed: 'ended_at',
  afterSeconds: DAY,
};

/** Both ends move, or stand, without an index: a rotation must touch none. */
export const EXPIRED_FAMILIES = {
  table: 'refresh_token_family',
  key: 'id',
  dead: '(idle_expires_at < $1 OR absolute_expires_at < $1)',
  afterSeconds: DAY,
};

/** Families that ended or expired long ago go. */
@Injectable()
export class FamilyClearances implements OnModuleInit {
  constructor(
    private readonly janitor: Janitor,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  onModuleInit(): void {
    this.janitor.add(byIndex(this.unitOfWork, ENDED_FAMILIES));
    this.janitor.add(byWalking(this.unitOfWork, EXPIRED_FAMILIES));
  }
}
