import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { deflateSync } from 'node:zlib';
import type { Answer } from './issuer-server.js';

const ENTRIES = 1024;

/** The claims of a Status List Token. Members that are `undefined` are removed. */
type ListClaims = Readonly<Record<string, unknown>>;

/** The status list of a test issuer (Token Status List §4). Each token has an index; its bit is 1 when the token is revoked. */
export class TestStatusList {
  /** The number of requests for the list. */
  fetches = 0;
  /** Overrides claims of the list. */
  changes: ListClaims = {};
  private readonly bytes = new Uint8Array(ENTRIES / 8);
  private next = 0;
  private answerInstead: Answer | undefined;

  /** @param sign signs the claims as a Status List Token */
  constructor(
    readonly uri: string,
    private readonly sign: (claims: ListClaims) => string,
  ) {}

  /** Returns the claim `status` with the next free index. */
  allot(): { readonly status_list: { readonly idx: number; readonly uri: string } } {
    const idx = this.next++ % ENTRIES;
    return { status_list: { idx, uri: this.uri } };
  }

  revoke(idx: number): void {
    this.bytes[idx >> 3] = (this.bytes[idx >> 3] ?? 0) | (1 << (idx & 7));
  }

  /** Makes the server start each response and never finish it. */
  stall(): void {
    this.answer((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/statuslist+jwt' }).write('eyJ');
    });
  }

  /** Makes the server answer with this status. */
  fail(status = 500): void {
    this.answer((_request, response) => response.writeHead(status).end());
  }

  /** Makes this function answer requests for the list. */
  answer(answer: Answer): void {
    this.answerInstead = answer;
  }

  /** Ends `stall`, `fail`, `answer` and `changes`: the server publishes the list again. */
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
