import { Inject, Injectable } from '@nestjs/common';
import { parseCookie, stringifySetCookie } from 'cookie';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { networkOf, widerNetworkOf } from '../platform/network.js';
import { KnownDeviceService } from './known-device.service.js';
import type { AttemptOrigin } from './login-throttle.service.js';

const YEAR_SECONDS = 31_536_000;

/** The cookie that identifies a browser after its first login. Every login renews it. */
@Injectable()
export class KnownDeviceCookie {
  private readonly attributes;

  constructor(
    private readonly devices: KnownDeviceService,
    @Inject(AUTH_CONFIG) { ISSUER }: AuthConfig,
  ) {
    const secure = ISSUER.startsWith('https:');
    const name = secure ? '__Host-known-device' : 'known-device';
    const common = { httpOnly: true, sameSite: 'lax', path: '/', maxAge: YEAR_SECONDS } as const;
    this.attributes = { name, secure, ...common };
  }

  /** @param request IP address of the caller, and the `Cookie` header */
  readOrigin({ ip, cookie }: { ip: string; cookie: string | undefined }): AttemptOrigin {
    return {
      network: networkOf(ip) ?? 'elsewhere',
      widerNetwork: widerNetworkOf(ip) ?? 'elsewhere',
      device: this.read(cookie),
    };
  }

  /**
   * @param header `Cookie`
   * @param email of the account that has just logged in on the device, lower case
   * @returns `Set-Cookie`
   */
  write(header: string | undefined, email: string): string {
    const value = this.devices.addAccount(this.read(header), email);
    return stringifySetCookie({ ...this.attributes, value });
  }

  private read(header = ''): string | undefined {
    return parseCookie(header)[this.attributes.name];
  }
}
