import { Clock, Metrics } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';
import { SigningKeyService } from './keys/signing-key.service.js';
import { StatusSnapshotService } from './status-lists/status-snapshot.service.js';

/** The ages of what this process publishes. They are read from its memory, so a scrape costs no statement. */
@Injectable()
export class TokenMetrics {
  constructor(
    private readonly metrics: Metrics,
    private readonly keys: SigningKeyService,
    private readonly snapshots: StatusSnapshotService,
    private readonly clock: Clock,
  ) {
    this.watchKeys();
    this.metrics.gauge(
      {
        name: 'published_status_list_age_seconds',
        help: 'Seconds since the status lists that this process publishes were read from the database.',
      },
      () => this.snapshots.ageSeconds,
    );
  }

  private watchKeys(): void {
    this.metrics.labelledGauge(
      {
        name: 'signing_key_age_seconds',
        help: 'Seconds since the published key entered its state, by algorithm and state: pending, active or retiring.',
        labels: ['algorithm', 'state', 'kid'],
      },
      () =>
        this.keys.publishedKeys.map(({ algorithm, state, kid, changedAt }) => ({
          labels: { algorithm, state, kid },
          value: (this.clock.now() - changedAt) / 1000,
        })),
    );
    this.metrics.gauge(
      {
        name: 'published_key_set_age_seconds',
        help: 'Seconds since the key set that this process publishes was read from the database.',
      },
      () => this.keys.keySetAgeSeconds,
    );
  }
}
