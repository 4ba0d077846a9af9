export interface OpenApiOptions {
  readonly title: string;
  readonly description: string;
  /** Of the API, not of the OpenAPI document. Default: 1.0. */
  readonly version?: string;
  /** Offer HTTP Basic next to the bearer token, for clients that authenticate so (RFC 6749 §2.3.1). Default: false. */
  readonly basic?: boolean;
}
