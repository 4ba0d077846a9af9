import { parseFamilyId } from '../support/auth-database.js';
import type { PassedAnswer, ReceivedRequest } from '../support/replicas/balancer.js';

type TokenKind = 'access_token' | 'refresh_token' | 'id_token';
const KINDS: readonly TokenKind[] = ['access_token', 'refresh_token', 'id_token'];

interface Refresh {
  readonly familyId: string;
  readonly successor: string;
}

/** What balancers passed: the tokens that auth issued to servers, and all texts that the browser sent or received. */
export class Traffic {
  /** Tokens that auth issued to a client, with their kind. */
  readonly tokens = new Map<string, TokenKind>();
  /** Refreshes that auth answered with 200. */
  readonly refreshes: Refresh[] = [];
  /** Requests of the browser, as method and path, with their Idempotency-Key. */
  readonly browserRequests: { readonly line: string; readonly key: unknown }[] = [];
  /** Texts that the browser sent or received, each once. */
  readonly browserTexts = new Set<string>();
  private readonly tokenAnswers: string[] = [];

  readonly observe = (question: ReceivedRequest, answer: PassedAnswer): void => {
    const { method, path, headers, body } = question;
    if (!/Chrome/.test(String(headers['user-agent']))) {
      if (path === '/oauth/token' && answer.status === 200) this.observeTokens(question, answer);
      return;
    }
    this.browserRequests.push({ line: `${method} ${path}`, key: headers['idempotency-key'] });
    this.addBrowserText(path, JSON.stringify(headers), body.toString());
    this.addBrowserText(answer.headers.join('\n'), answer.body);
  };

  addBrowserText(...texts: readonly string[]): void {
    for (const text of texts) this.browserTexts.add(text);
  }

  /** @returns the tokens of which the texts contain the signature, or the whole of an opaque token's last part */
  findTokens(texts: Iterable<string>): readonly string[] {
    const all = [...texts].join('\n');
    return [...this.tokens.keys()].filter((token) =>
      all.includes(token.slice(token.lastIndexOf('.') + 1)),
    );
  }

  /** The answers in which servers, and only they, received tokens. */
  get serverTexts(): readonly string[] {
    return this.tokenAnswers;
  }

  count(kind: TokenKind): number {
    return [...this.tokens.values()].filter((each) => each === kind).length;
  }

  private observeTokens({ body }: ReceivedRequest, answer: PassedAnswer): void {
    this.tokenAnswers.push(answer.body);
    const response: Partial<Record<TokenKind, string>> = JSON.parse(answer.body);
    for (const kind of KINDS) {
      const token = response[kind];
      if (token !== undefined) this.tokens.set(token, kind);
    }
    const request = new URLSearchParams(body.toString());
    if (request.get('grant_type') !== 'refresh_token') return;
    const familyId = parseFamilyId(request.get('refresh_token') ?? '');
    this.refreshes.push({ familyId, successor: response.refresh_token ?? '' });
  }
}
