import { type Database, openDatabase } from '@gatehouse/persistence';
import type { TestDatabase } from '@gatehouse/persistence/testing';
import { Logger } from '@nestjs/common';
import { authConfig } from '../src/auth.config.js';
import { authDatabase } from '../src/database/auth-database.js';
import { KeyFactory } from '../src/keys/key-factory.js';
import { KeyLife } from '../src/keys/key-life.js';
import { keyPlanOf } from '../src/keys/key-periods.js';
import { KeyStore } from '../src/keys/key-store.js';
import { PrivateKeyCipher } from '../src/keys/private-key-cipher.js';
import { ServerSecrets } from '../src/keys/server-secrets.js';
import { SigningKeys } from '../src/keys/signing-keys.js';
import type { SecurityEvent } from '../src/security-events/security-event.js';
import { SecurityEvents } from '../src/security-events/security-events.js';
import { MovableClock } from './mothers.js';

Logger.overrideLogger(false);

/** Dies before it records an event of the given type. */
class BreakableEvents extends SecurityEvents {
  breaksAt: SecurityEvent['type'] | undefined;

  override record(event: SecurityEvent): Promise<void> {
    if (event.type === this.breaksAt) return Promise.reject(new Error('killed'));
    return super.record(event);
  }
}

class BreakableFactory extends KeyFactory {
  isBroken = false;

  override make(...args: Parameters<KeyFactory['make']>): ReturnType<KeyFactory['make']> {
    return this.isBroken ? Promise.reject(new Error('killed')) : super.make(...args);
  }
}

/** What one process has to do with keys, on a database that it may share. */
export class KeyProcess {
  readonly factory: BreakableFactory;
  readonly events: BreakableEvents;
  readonly keys: SigningKeys;
  readonly life: KeyLife;
  readonly clock: MovableClock;

  private constructor(
    readonly database: Database,
    settings: Record<string, string>,
    clock?: MovableClock,
  ) {
    const { SIGNING_ALGORITHM: one = 'ES256' } = settings;
    const config = authConfig({ ID_TOKEN_ALGORITHM: one, ...settings });
    const plan = keyPlanOf(config);
    this.clock = clock ?? new MovableClock();
    const secrets = new ServerSecrets((config.SERVER_SECRET ?? 'a secret of the test').split(','));
    this.factory = new BreakableFactory(new PrivateKeyCipher(secrets));
    this.events = new BreakableEvents(database.unitOfWork, this.clock);
    const store = new KeyStore(database.unitOfWork, this.clock, this.events);
    this.keys = new SigningKeys(store, this.factory, plan, this.clock, config);
    this.life = new KeyLife(store, plan, this.factory, this.keys, this.clock);
  }

  static async start(
    { databaseUrl, dataDir }: TestDatabase,
    settings: Record<string, string> = {},
    clock?: MovableClock,
  ): Promise<KeyProcess> {
    const at = {
      DATA_DIR: dataDir,
      ...(databaseUrl !== undefined && { DATABASE_URL: databaseUrl }),
    };
    const database = await openDatabase(authDatabase(authConfig(at)));
    return new KeyProcess(database, { ...at, ...settings }, clock);
  }

  /** Another one on the same connections, configured otherwise. */
  again(settings: Record<string, string>): KeyProcess {
    return new KeyProcess(this.database, settings, this.clock);
  }

  /** Nothing is left of what was. */
  async empty(): Promise<void> {
    await this.database.unitOfWork.execute('DELETE FROM signing_key');
    await this.database.unitOfWork.execute('DELETE FROM security_event');
  }

  async eventTypes(): Promise<readonly string[]> {
    const rows = await this.database.unitOfWork.query<{ type: string }>(
      'SELECT type FROM security_event ORDER BY type',
    );
    return rows.map(({ type }) => type.replace('signing_key.', ''));
  }

  async states(): Promise<readonly string[]> {
    return (await this.life.list()).map(({ state }) => state).sort();
  }

  /** @returns the `kid` of the one key in that state */
  async kid(state: string): Promise<string> {
    const keys = (await this.life.list()).filter((key) => key.state === state);
    expect(keys).toHaveLength(1);
    return keys[0]?.kid ?? '';
  }

  stop(): Promise<void> {
    return this.database.close();
  }
}
