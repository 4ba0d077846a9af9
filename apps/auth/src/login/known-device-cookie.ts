import { Inject, Injectable } from '@nestjs/common';
import { parseCookie, stringifySetCookie } from 'cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { KnownDevices } from '../login-attempts/known-devices.js';
import type { AttemptOrigin } from '../login-attempts/login-attempts.js';
import { networkOf, surroundingsOf } from '../networks/network.js';

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
    this.attributes = {
      name,
      secure,
      httpOnly: true,
      sameSite: 'lax',
      path: '/',
      maxAge: YEAR,
    } as const;
  }

  originOf(request: FastifyRequest): AttemptOrigin {
    const { ip } = request;
    return {
      network: networkOf(ip) ?? 'elsewhere',
      surroundings: surroundingsOf(ip) ?? 'elsewhere',
      device: this.read(request),
    };
  }

  /** @param email of the account that the device is logged in to now, lower case */
  keep(reply: FastifyReply, request: FastifyRequest, email: string): void {
    const value = this.devices.remember(this.read(request), email);
    void reply.header('set-cookie', stringifySetCookie({ ...this.attributes, value }));
  }

  private read({ headers }: FastifyRequest): string | undefined {
    return parseCookie(headers.cookie ?? '')[this.attributes.name];
  }
}
