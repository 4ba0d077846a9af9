import type { DatabaseSettings } from '@gatehouse/persistence';
import { WebSessions1764780000000 } from './migrations/1764780000000-web-sessions.js';
import { EndedSessions1764790000000 } from './migrations/1764790000000-ended-sessions.js';
import type { WebConfig } from './web.config.js';

/** Both tools may share it: a session belongs to its tool. In production the operator runs the migrations first. */
export const webDatabase = (config: WebConfig): DatabaseSettings => ({
  name: 'web',
  databaseUrl: config.DATABASE_URL,
  dataDir: config.DATA_DIR,
  entities: [],
  migrations: [WebSessions1764780000000, EndedSessions1764790000000],
  migrate: config.NODE_ENV !== 'production',
});
