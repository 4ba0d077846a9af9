import { Problem, removeTrailingSlash } from '@gatehouse/service-kit';
import { Controller, Get, Header, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { readRequestOrigin } from '../requests/same-origin.guard.js';
import { SessionCookie } from '../sessions/session-cookie.js';
import { SessionService } from '../sessions/session.service.js';
import { signInRequired } from '../upstream/upstream.errors.js';
import { WEB_CONFIG, type WebConfig } from '../web.config.js';
import { type ActivityEntry, ActivityLog, DRILLS } from './activity-log.js';
import { DrillsService } from './drills.service.js';

const activityQuery = z.object({ after: z.coerce.number().int().min(0).default(0) });
const drillName = z.enum(DRILLS);
/** They need the launcher of `npm start`. */
const LAUNCHER_DRILLS: readonly string[] = ['rotate-keys', 'stop-auth'];

interface Activity {
  readonly entries: readonly ActivityEntry[];
  readonly hasLauncher: boolean;
  /** The page where development shows the mails that auth would send. */
  readonly mailboxUrl: string;
}

/** What the panel of the demo shows and starts. */
@Controller('activity')
export class ActivityController {
  constructor(
    private readonly log: ActivityLog,
    private readonly drills: DrillsService,
    private readonly cookie: SessionCookie,
    private readonly sessions: SessionService,
    @Inject(WEB_CONFIG) private readonly config: WebConfig,
  ) {}

  /** The cookie is enough: it has 256 random bits, and the panel shows how its session ended. */
  @Get()
  @Header('Cache-Control', 'no-store')
  list(@Req() { headers }: FastifyRequest, @Query() query: unknown): Activity {
    const { success, data } = activityQuery.safeParse(query);
    if (!success) throw new Problem(400, { detail: 'after is the id of an entry.' });
    const key = this.cookie.read(headers.cookie);
    return {
      entries: key ? this.log.list(key.id, data.after) : [],
      hasLauncher: this.config.DEMO_CONTROL_URL !== undefined,
      mailboxUrl: `${removeTrailingSlash(this.config.AUTH_ISSUER)}/dev/mailbox`,
    };
  }

  /** Answers when the drill has begun. Its steps are entries. */
  @Post('drills/:name')
  @HttpCode(202)
  async start(@Req() request: FastifyRequest, @Param('name') name: string): Promise<void> {
    const { success, data: drill } = drillName.safeParse(name);
    const isPossible =
      this.config.DEMO_CONTROL_URL !== undefined || !LAUNCHER_DRILLS.includes(name);
    if (!success || !isPossible) throw new Problem(404, { detail: 'There is no such drill.' });
    const session = await this.sessions.find(request.headers.cookie);
    if (!session) throw signInRequired();
    const { clickId } = readRequestOrigin(request);
    if (this.drills.start(drill, session, clickId)) return;
    throw new Problem(409, { detail: 'Another drill is running.' });
  }
}
