import { Injectable, Logger } from '@nestjs/common';
import type { SecurityEvent } from './security-event.js';

const ALARMING = new Set<SecurityEvent['type']>(['client.refused', 'login.failed']);

/** Where security decisions are reported: once each, at the place of the decision. */
@Injectable()
export class SecurityEvents {
  private readonly log = new Logger('SecurityEvents');

  emit(event: SecurityEvent): void {
    if (isAlarming(event)) this.log.warn(event);
    else this.log.log(event);
  }
}

function isAlarming(event: SecurityEvent): boolean {
  return ALARMING.has(event.type) || (event.type === 'family.ended' && event.reason !== 'logout');
}
