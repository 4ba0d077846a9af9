import { createHmac, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { isSameText, ServerSecrets } from '../platform/server-secrets.js';

const COOKIE_FORMAT = /^([\w-]{22})((?:\.[\w-]{22}){1,5})$/;
/** People who share a browser. */
const MAX_ACCOUNTS = 5;

/**
 * A device that logged in to an account before is told apart from strangers, so that their failures do not make it wait. It
 * keeps `id . mac . mac …`: a name of its own and, for each of its accounts, a MAC over the two that only this server makes.
 * It is no credential: who has it still needs the password.
 */
@Injectable()
export class KnownDeviceService {
  private readonly keys: ReturnType<ServerSecrets['derive']>;

  constructor(secrets: ServerSecrets) {
    this.keys = secrets.derive('known device');
  }

  /** @returns the name of the device, where it logged in to this account before */
  findDeviceId(text: string | undefined, email: string): string | undefined {
    const { id, macs } = parseCookieValue(text);
    const keys = [...this.keys.all.values()];
    const own = keys.map(({ key }) => computeMac(key, id, email));
    const isKnown = macs.some((mac) => own.some((each) => isSameText(each, mac)));
    return isKnown ? id : undefined;
  }

  /** @returns what the device keeps from now on */
  addAccount(text: string | undefined, email: string): string {
    const { id, macs } = parseCookieValue(text);
    const mac = computeMac(this.keys.current.key, id, email);
    const others = macs.filter((each) => each !== mac);
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
