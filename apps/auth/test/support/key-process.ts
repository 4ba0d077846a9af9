import { type Database, openDatabase } from '@gatehouse/persistence';
import type { TestDatabase } from '@gatehouse/persistence/testing';
import { Logger } from '@nestjs/common';
import { authConfig } from '../../src/auth.config.js';
import { authDatabase } from '../../src/database.js';
import { SigningKeyFactory, SigningKeyService } from '../../src/tokens/keys/signing-key.service.js';
import { KeyRotationService } from '../../src/tokens/keys/key-rotation.service.js';
import { createKeyRotationPlan } from '../../src/tokens/keys/key-rotation-plan.js';
import { SigningKeyRepository } from '../../src/tokens/keys/signing-key.repository.js';
import { PrivateKeyCipher } from '../../src/tokens/keys/private-key-cipher.js';
import { ServerSecrets } from '../../src/platform/server-secrets.js';
import type { SecurityEvent } from '../../src/platform/security-events/security-event.js';
import { SecurityEventRepository } from '../../src/platform/security-events/security-event.repository.js';
import { SecurityEventService } from '../../src/platform/security-events/security-event.service.js';
import { TestClock, toDatabaseSettings } from './test-auth.js';

Logger.overrideLogger(false);

/** Fails before it records an event of the given type, as if the process died. */
class FailingSecurityEvents extends SecurityEventService {
  failsAt: SecurityEvent['type'] | undefined;

  override record(event: SecurityEvent): Promise<void> {
    if (event.type === this.failsAt) return Promise.reject(new Error('killed'));
    return super.record(event);
  }
}

class FailingKeyFactory extends SigningKeyFactory {
  shouldFail = false;

  override generate(
    ...args: Parameters<SigningKeyFactory['generate']>
  ): ReturnType<SigningKeyFactory['generate']> {
    return this.shouldFail ? Promise.reject(new Error('killed')) : super.generate(...args);
  }
}

/** The key services of one process, on a database that several processes may share. */
export class KeyProcess {
  readonly factory: FailingKeyFactory;
  readonly events: FailingSecurityEvents;
  readonly keys: SigningKeyService;
  readonly rotation: KeyRotationService;
  readonly clock: TestClock;

  private constructor(
    readonly database: Database,
    settings: Record<string, string>,
    clock?: TestClock,
  ) {
    const { SIGNING_ALGORITHM = 'ES256' } = settings;
    const config = authConfig({ ID_TOKEN_ALGORITHM: SIGNING_ALGORITHM, ...settings });
    const plan = createKeyRotationPlan(config);
    this.clock = clock ?? new TestClock();
    const secrets = new ServerSecrets((config.SERVER_SECRET ?? 'a secret of the test').split(','));
    this.factory = new FailingKeyFactory(new PrivateKeyCipher(secrets));
    const eventRows = new SecurityEventRepository(database.unitOfWork);
    this.events = new FailingSecurityEvents(eventRows, this.clock);
    const rows = new SigningKeyRepository(database.unitOfWork, this.clock, this.events);
    this.keys = new SigningKeyService(rows, this.factory, plan, this.clock, config);
    this.rotation = new KeyRotationService(rows, plan, this.factory, this.keys, this.clock);
  }

  static async start(
    testDatabase: TestDatabase,
    settings: Record<string, string> = {},
    clock?: TestClock,
  ): Promise<KeyProcess> {
    const at = toDatabaseSettings(testDatabase);
    const database = await openDatabase(authDatabase(authConfig(at)));
    return new KeyProcess(database, { ...at, ...settings }, clock);
  }

  /** A process on the same connections with other settings. */
  withSettings(settings: Record<string, string>): KeyProcess {
    return new KeyProcess(this.database, settings, this.clock);
  }

  async deleteAll(): Promise<void> {
    await this.database.unitOfWork.execute('DELETE FROM signing_key');
    await this.database.unitOfWork.execute('DELETE FROM security_event');
  }

  async listEventTypes(): Promise<readonly string[]> {
    const rows = await this.database.unitOfWork.query<{ type: string }>(
      'SELECT type FROM security_event ORDER BY type',
    );
    return rows.map(({ type }) => type.replace('signing_key.', ''));
  }

  async listStates(): Promise<readonly string[]> {
    return (await this.rotation.list()).map(({ state }) => state).sort();
  }

  /** @returns the `kid` of the one key in that state */
  async getKid(state: string): Promise<string> {
    const keys = (await this.rotation.list()).filter((key) => key.state === state);
    expect(keys).toHaveLength(1);
    return keys[0]?.kid ?? '';
  }

  stop(): Promise<void> {
    return this.database.close();
  }
}
