import type { CredentialCarrier } from '../http/credentials.js';
import { member } from '../member.js';

export function isRequest(value: unknown): value is CredentialCarrier {
  const headers = member(value, 'headers');
  return typeof headers === 'object' && headers !== null;
}
