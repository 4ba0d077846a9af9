import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { deflateSync } from 'node:zlib';
import type { Answer } from './issuer-server.js';

const PLACES = 1024;

/** What a list says of itself. Members that are `undefined` are left out. */
export type ListClaims = Readonly<Record<string, unknown>>;

/** The status list of a test issuer (Token Status List §4): a place for each token, and one bit that says whether it ended. */
export class TestStatusList {
  /** How often it has been asked for. */
  fetches = 0;
  /** Merged over the claims of the list. */
  changes: ListClaims = {};
  private readonly bytes = new Uint8Array(PLACES / 8);
  private next = 0;
  private answerInstead: Answer | undefined;

  /** @param sign makes a Status List Token of claims */
  constructor(
    readonly uri: string,
    private readonly sign: (claims: ListClaims) => string,
  ) {}

  /** A place that no other token has, as the claim of one. */
  allot(): { readonly status_list: { readonly idx: number; readonly uri: string } } {
    const idx = this.next++ % PLACES;
    return { status_list: { idx, uri: this.uri } };
  }

  revoke(idx: number): void {
    this.bytes[idx >> 3] = (this.bytes[idx >> 3] ?? 0) | (1 << (idx & 7));
  }

  /** Answers begin and never end. */
  stall(): void {
    this.answer((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/statuslist+jwt' }).write('eyJ');
    });
  }

  /** It is answered with this status. */
  fail(status = 500): void {
    this.answer((_request, response) => response.writeHead(status).end());
  }

  /** Whatever else its address shall do. */
  answer(answer: Answer): void {
    this.answerInstead = answer;
  }

  /** All is well again. */
  up(): void {
    this.answerInstead = undefined;
    this.changes = {};
  }

  readonly handle = (request: IncomingMessage, response: ServerResponse): void => {
    this.fetches += 1;
    if (this.answerInstead) return this.answerInstead(request, response);
    const claims = this.claims();
    const token = this.sign(claims);
    const header = token.split('.')[0] ?? '';
    const hash = createHash('sha256').update(header + JSON.stringify(claims));
    const etag = `"${hash.digest('base64url')}"`;
    response.setHeader('etag', etag);
    if (request.headers['if-none-match'] === etag) return void response.writeHead(304).end();
    return void response.setHeader('content-type', 'application/statuslist+jwt').end(token);
  };

  private claims(): ListClaims {
    const lst = deflateSync(this.bytes).toString('base64url');
    return { sub: this.uri, ttl: 10, status_list: { bits: 1, lst }, ...this.changes };
  }
}
