export interface ServiceTokensOptions {
  readonly issuer: string;
  /** Where tokens are got. Default: what the issuer's metadata says (RFC 8414). */
  readonly tokenEndpoint?: string | undefined;
  readonly clientId: string;
  /** Sent by HTTP Basic (RFC 6749 §2.3.1). Without one there are no tokens: callers are told to come back. */
  readonly clientSecret: string | undefined;
  /** Sends the secret over plain http to hosts that are not loopback. */
  readonly dangerouslyAllowInsecureHttp: boolean;
  /** The time in epoch milliseconds. */
  readonly now: () => number;
}
