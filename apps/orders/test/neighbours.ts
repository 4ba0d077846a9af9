import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import type { TestIssuer } from '@gatehouse/guards/testing';

export const BILLING = 'http://localhost:3002';
export const CLIENT_SECRET = 'orders-secret-of-this-test-and-no-other';

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly authorization: string;
  readonly text: string;
}
interface Told {
  readonly status: number;
  readonly json?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A service next door, on a loopback port, that does what its test says. */
abstract class Neighbour {
  readonly asked: Asked[] = [];
  url = '';
  private server: Server | undefined;
  private port = 0;

  protected abstract answer(asked: Asked): Promise<Told | 'never'>;

  /** On the same port each time. */
  async up(): Promise<this> {
    const server = createServer((request, response) => {
      void (async () => {
        const asked = await askedBy(request);
        this.asked.push(asked);
        const told = await this.answer(asked);
        if (told === 'never') return;
        const headers = { 'content-type': 'application/json', ...told.headers };
        response.writeHead(told.status, headers).end(told.json && JSON.stringify(told.json));
      })();
    });
    server.listen(this.port, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    this.port = address.port;
    this.url = `http://127.0.0.1:${this.port}`;
    this.server = server;
    return this;
  }

  async down(): Promise<void> {
    const { server } = this;
    if (!server?.listening) return;
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  }
}

async function askedBy(request: IncomingMessage): Promise<Asked> {
  const { method = '', url: path = '', headers } = request;
  return { method, path, authorization: headers.authorization ?? '', text: await text(request) };
}

/** The token endpoint of the authorization server: what it grants, and to whom. */
export class TokenEndpoint extends Neighbour {
  /** Instead of a token. */
  refusal: Told | 'never' | undefined;
  lifetime = 300;
  /** What it waits for before it answers. */
  wait: () => Promise<unknown> = async () => undefined;

  constructor(private readonly issuer: TestIssuer) {
    super();
  }

  get requests(): Record<string, string>[] {
    return this.asked.map(({ text }) => Object.fromEntries(new URLSearchParams(text)));
  }

  protected async answer({ text }: Asked): Promise<Told | 'never'> {
    await this.wait();
    if (this.refusal) return this.refusal;
    const asked = new URLSearchParams(text);
    const subject = subjectOf(asked.get('subject_token'));
    const exchanged = subject !== undefined && { act: { sub: 'orders-service' } };
    const claims = { aud: asked.get('resource'), scope: asked.get('scope'), ...exchanged };
    const access_token = this.issuer.accessToken({ sub: subject ?? 'orders-service', ...claims });
    const issued_token_type = 'urn:ietf:params:oauth:token-type:access_token';
    const answer = { access_token, token_type: 'Bearer', expires_in: this.lifetime };
    return { status: 200, json: { ...answer, ...(exchanged && { issued_token_type }) } };
  }
}

/** Billing, as far as orders knows it: one invoice for each order. */
export class BillingNextDoor extends Neighbour {
  readonly invoices = new Map<string, Record<string, unknown>>();
  /** Instead of what it would do. */
  failure: Told | 'never' | undefined;

  /** The tokens that it was called with. */
  get tokens(): string[] {
    return this.asked.map(({ authorization }) => authorization.replace('Bearer ', ''));
  }

  protected async answer({ method, path, text }: Asked): Promise<Told | 'never'> {
    if (this.failure) return this.failure;
    const [, voided] = /^\/invoices\/inv_(.+)\/void$/.exec(path) ?? [];
    if (voided !== undefined) return this.void(voided);
    if (method === 'POST') return this.issue(JSON.parse(text));
    const orderId = new URL(path, this.url).searchParams.get('orderId') ?? '';
    const invoice = this.invoices.get(orderId);
    return { status: 200, json: { invoices: invoice ? [invoice] : [] } };
  }

  private void(orderId: string): Told {
    const invoice = this.invoices.get(orderId);
    const status =
      { open: 200, void: 200, paying: 202, paid: 409 }[String(invoice?.['state'])] ?? 404;
    if (invoice && status === 200) invoice['state'] = 'void';
    return { status, json: { ...invoice } };
  }

  private issue(content: { orderId: string }): Told {
    const isNew = !this.invoices.has(content.orderId);
    const invoice = this.invoices.get(content.orderId) ?? {
      ...content,
      id: `inv_${content.orderId}`,
      state: 'open',
      issuedAt: '2026-11-25T12:00:00.000Z',
      paidAt: null,
    };
    this.invoices.set(content.orderId, invoice);
    return { status: isNew ? 201 : 200, json: invoice };
  }
}

export interface Neighbourhood {
  readonly tokens: TokenEndpoint;
  readonly billing: BillingNextDoor;
  /** What orders has to be told of it. */
  settings(): Record<string, string>;
  close(): Promise<void>;
}

export async function neighbourhood(issuer: TestIssuer): Promise<Neighbourhood> {
  const tokens = await new TokenEndpoint(issuer).up();
  const billing = await new BillingNextDoor().up();
  return {
    tokens,
    billing,
    settings: () => ({
      AUTH_TOKEN_ENDPOINT: tokens.url,
      BILLING_URL: billing.url,
      CLIENT_SECRET,
    }),
    async close() {
      await tokens.down();
      await billing.down();
    },
  };
}

export function claimsOf(token: string | undefined): Record<string, unknown> {
  return JSON.parse(Buffer.from(token?.split('.')[1] ?? '', 'base64url').toString());
}

function subjectOf(token: string | null): string | undefined {
  return token === null ? undefined : String(claimsOf(token)['sub']);
}
