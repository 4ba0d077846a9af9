import { createHmac, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { isSameText, ServerSecrets } from '../platform/server-secrets.js';

const COOKIE_FORMAT = /^([\w-]{22})((?:\.[\w-]{22}){1,5})$/;
/** Accounts that one browser remembers. */
const MAX_ACCOUNTS = 5;

/**
 * Recognizes devices that logged in to an account before, so that failed logins from other devices do not delay them. A device
 * stores `id . mac . mac …`: its random id, and for each of its accounts a MAC over id and e-mail under the server's secret.
 * The value is not a credential: a login from a known device still needs the password.
 */
@Injectable()
export class KnownDeviceService {
  private readonly keys: ReturnType<ServerSecrets['derive']>;

  constructor(secrets: ServerSecrets) {
    this.keys = secrets.derive('known device');
  }

  /** @returns the device's id, or `undefined` unless it logged in to this account before */
  findDeviceId(cookieValue: string | undefined, email: string): string | undefined {
    const { id, macs } = parseCookieValue(cookieValue);
    const keys = [...this.keys.all.values()];
    const validMacs = keys.map(({ key }) => computeMac(key, id, email));
    const isKnown = macs.some((mac) => validMacs.some((valid) => isSameText(valid, mac)));
    return isKnown ? id : undefined;
  }

  /** @returns the device's next cookie value; it forgets the account whose login was longest ago */
  addAccount(cookieValue: string | undefined, email: string): string {
    const { id, macs } = parseCookieValue(cookieValue);
    const mac = computeMac(this.keys.current.key, id, email);
    const others = macs.filter((other) => other !== mac);
    return [id, mac, ...others].slice(0, 1 + MAX_ACCOUNTS).join('.');
  }
}

function parseCookieValue(text = ''): { readonly id: string; readonly macs: readonly string[] } {
  const [, id, macs = ''] = COOKIE_FORMAT.exec(text) ?? [];
  if (id === undefined) return { id: randomBytes(16).toString('base64url'), macs: [] };
  return { id, macs: macs.split('.').filter(Boolean) };
}

const computeMac = (key: Buffer, id: string, email: string): string =>
  createHmac('sha256', key).update(`${id}.${email}`).digest().subarray(0, 16).toString('base64url');
