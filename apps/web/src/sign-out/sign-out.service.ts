import { setTimeout as delay } from 'node:timers/promises';
import { UnitOfWork } from '@gatehouse/persistence';
import { Injectable } from '@nestjs/common';
import { type OpenSession, SessionService } from '../sessions/session.service.js';
import { WebSessionRepository } from '../sessions/web-session.repository.js';
import { RefreshService } from '../tokens/refresh.service.js';
import { type SignOut, SignOutJob } from './sign-out.job.js';

/** How long the browser waits for the authorization server. Afterwards the job goes on alone. */
const MAX_WAIT_MS = 3_000;

/** Ends sessions of this tool, here and at the authorization server. */
@Injectable()
export class SignOutService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly sessions: SessionService,
    private readonly rows: WebSessionRepository,
    private readonly refreshes: RefreshService,
    private readonly job: SignOutJob,
  ) {}

  /** @param ends everything of this browser, or only the session that a new sign-in has replaced */
  async end(session: OpenSession, ends: SignOut['ends']): Promise<void> {
    await this.refreshes.claimForSignOut(session);
    const { key } = session;
    await this.unitOfWork.transaction(async () => {
      const row = await this.rows.delete(key.id);
      const latest = row && this.sessions.open(row, key);
      if (!latest) return;
      const { sid, content } = latest;
      await this.job.add(key.id, { sid, ends, refreshToken: content.refreshToken });
    });
    await Promise.race([this.job.deliverDue(), delay(MAX_WAIT_MS, undefined, { ref: false })]);
  }
}
