import { createHmac, randomBytes } from 'node:crypto';
import { createCookieBase } from '@gatehouse/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { parseCookie, stringifySetCookie } from 'cookie';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { describeNetwork, widerNetworkOf } from '../platform/network.js';
import { isSameText, ServerSecrets } from '../platform/server-secrets.js';

/** Where a login attempt comes from. */
export interface AttemptOrigin {
  /** /24 of IPv4, /48 of IPv6. */
  readonly network: string;
  /** /16 of IPv4, /32 of IPv6. */
  readonly widerNetwork: string;
  /** Value of the known-device cookie, not validated. */
  readonly device: string | undefined;
}

const YEAR_SECONDS = 31_536_000;
const VALUE_FORMAT = /^([\w-]{22})((?:\.[\w-]{22}){1,5})$/;
/** Accounts that one device remembers. */
const MAX_ACCOUNTS = 5;

/**
 * The cookie that recognizes a device that logged in to an account before, so that failed logins from other devices do not
 * delay its owner. The value is `id . mac . mac …`: the device's random id, and for each of its accounts a MAC over id and
 * e-mail under the server's secret. The cookie is not a credential: a login from a known device still needs the password.
 */
@Injectable()
export class KnownDeviceCookie {
  private readonly keys: ReturnType<ServerSecrets['derive']>;
  private readonly attributes;

  constructor(secrets: ServerSecrets, @Inject(AUTH_CONFIG) { ISSUER }: AuthConfig) {
    this.keys = secrets.derive('known device');
    const base = createCookieBase(ISSUER, 'known-device');
    this.attributes = { ...base, sameSite: 'lax', maxAge: YEAR_SECONDS } as const;
  }

  /** @param request IP address of the caller, and the `Cookie` header */
  readOrigin({ ip, cookie }: { ip: string; cookie: string | undefined }): AttemptOrigin {
    return {
      network: describeNetwork(ip),
      widerNetwork: widerNetworkOf(ip) ?? 'elsewhere',
      device: this.read(cookie),
    };
  }

  /** @returns the device's id, or `undefined` unless the device logged in to this account before */
  findDeviceId({ device }: AttemptOrigin, email: string): string | undefined {
    const { id, macs } = parseValue(device);
    const keys = [...this.keys.all.values()];
    const validMacs = keys.map(({ key }) => computeMac(key, id, email));
    const isKnown = macs.some((mac) => validMacs.some((valid) => isSameText(valid, mac)));
    return isKnown ? id : undefined;
  }

  /**
   * Adds an account to the device. Beyond the limit, the device forgets the account whose login was longest ago.
   * @param header `Cookie`
   * @param email of the account that has just logged in on the device, lower case
   * @returns `Set-Cookie`
   */
  write(header: string | undefined, email: string): string {
    const { id, macs } = parseValue(this.read(header));
    const mac = computeMac(this.keys.current.key, id, email);
    const others = macs.filter((other) => other !== mac);
    const value = [id, mac, ...others].slice(0, 1 + MAX_ACCOUNTS).join('.');
    return stringifySetCookie({ ...this.attributes, value });
  }

  private read(header = ''): string | undefined {
    return parseCookie(header)[this.attributes.name];
  }
}

function parseValue(text = ''): { readonly id: string; readonly macs: readonly string[] } {
  const [, id, macs = ''] = VALUE_FORMAT.exec(text) ?? [];
  if (id === undefined) return { id: randomBytes(16).toString('base64url'), macs: [] };
  return { id, macs: macs.split('.').filter(Boolean) };
}

const computeMac = (key: Buffer, id: string, email: string): string =>
  createHmac('sha256', key).update(`${id}.${email}`).digest().subarray(0, 16).toString('base64url');
