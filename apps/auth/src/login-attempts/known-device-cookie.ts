import { Inject, Injectable } from '@nestjs/common';
import { parseCookie, stringifySetCookie } from 'cookie';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { networkOf, surroundingsOf } from '../networks/network.js';
import { KnownDevices } from './known-devices.js';
import type { AttemptOrigin } from './login-attempts.js';

const YEAR = 31_536_000;

/** The cookie by which a browser that logged in before is told apart from strangers; every login renews it. */
@Injectable()
export class KnownDeviceCookie {
  private readonly attributes;

  constructor(
    private readonly devices: KnownDevices,
    @Inject(AUTH_CONFIG) { ISSUER }: AuthConfig,
  ) {
    const secure = ISSUER.startsWith('https:');
    const name = secure ? '__Host-known-device' : 'known-device';
    const kept = { httpOnly: true, sameSite: 'lax', path: '/', maxAge: YEAR } as const;
    this.attributes = { name, secure, ...kept };
  }

  /** @param visit address of who comes, and `Cookie` */
  originOf({ ip, cookie }: { ip: string; cookie: string | undefined }): AttemptOrigin {
    return {
      network: networkOf(ip) ?? 'elsewhere',
      surroundings: surroundingsOf(ip) ?? 'elsewhere',
      device: this.read(cookie),
    };
  }

  /**
   * @param header `Cookie`
   * @param email of the account that the device is logged in to now, lower case
   * @returns `Set-Cookie`
   */
  write(header: string | undefined, email: string): string {
    const value = this.devices.remember(this.read(header), email);
    return stringifySetCookie({ ...this.attributes, value });
  }

  private read(header = ''): string | undefined {
    return parseCookie(header)[this.attributes.name];
  }
}
