import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import type { TestIssuer } from '@gatehouse/guards/testing';
import { freePort } from '@gatehouse/service-kit/testing';

export const BILLING = 'http://localhost:3002';
export const CLIENT_SECRET = 'orders-secret-of-this-test-and-no-other';

interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly authorization: string;
  readonly text: string;
}
interface FakeResponse {
  readonly status: number;
  readonly json?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A server on a loopback port whose answers the test chooses. */
abstract class FakeServer {
  readonly received: ReceivedRequest[] = [];
  url = '';
  private server: Server | undefined;
  private port: number | undefined;

  protected abstract respond(request: ReceivedRequest): Promise<FakeResponse | 'never'>;

  /** Listens on the same port after each restart. */
  async start(): Promise<this> {
    const server = createServer((request, response) => {
      void (async () => {
        const received = await readRequest(request);
        this.received.push(received);
        const answer = await this.respond(received);
        if (answer === 'never') return;
        const headers = { 'content-type': 'application/json', ...answer.headers };
        response.writeHead(answer.status, headers).end(answer.json && JSON.stringify(answer.json));
      })();
    });
    this.port ??= await freePort();
    server.listen(this.port, '127.0.0.1');
    await once(server, 'listening');
    this.url = `http://127.0.0.1:${this.port}`;
    this.server = server;
    return this;
  }

  async stop(): Promise<void> {
    const { server } = this;
    if (!server?.listening) return;
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  }
}

async function readRequest(request: IncomingMessage): Promise<ReceivedRequest> {
  const { method = '', url: path = '', headers } = request;
  return { method, path, authorization: headers.authorization ?? '', text: await text(request) };
}

/** A token endpoint that grants each request. */
export class FakeTokenEndpoint extends FakeServer {
  /** The answer instead of a token. */
  refusal: FakeResponse | 'never' | undefined;
  lifetime = 300;
  /** Delays each answer. */
  wait: () => Promise<unknown> = async () => undefined;

  constructor(private readonly issuer: TestIssuer) {
    super();
  }

  get requests(): Record<string, string>[] {
    return this.received.map(({ text }) => Object.fromEntries(new URLSearchParams(text)));
  }

  protected async respond({ text }: ReceivedRequest): Promise<FakeResponse | 'never'> {
    await this.wait();
    if (this.refusal) return this.refusal;
    const parameters = new URLSearchParams(text);
    const subject = decodeSubject(parameters.get('subject_token'));
    const exchanged = subject !== undefined && { act: { sub: 'orders-service' } };
    const claims = {
      aud: parameters.get('resource'),
      scope: parameters.get('scope'),
      ...exchanged,
    };
    const access_token = this.issuer.accessToken({ sub: subject ?? 'orders-service', ...claims });
    const issued_token_type = 'urn:ietf:params:oauth:token-type:access_token';
    const answer = { access_token, token_type: 'Bearer', expires_in: this.lifetime };
    return { status: 200, json: { ...answer, ...(exchanged && { issued_token_type }) } };
  }
}

/** The part of billing that orders calls: one invoice per order. */
export class FakeBilling extends FakeServer {
  readonly invoices = new Map<string, Record<string, unknown>>();
  /** The answer instead of the usual one. */
  failure: FakeResponse | 'never' | undefined;

  /** The tokens of the received requests. */
  get tokens(): string[] {
    return this.received.map(({ authorization }) => authorization.replace('Bearer ', ''));
  }

  protected async respond({
    method,
    path,
    text,
  }: ReceivedRequest): Promise<FakeResponse | 'never'> {
    if (this.failure) return this.failure;
    const [, voided] = /^\/invoices\/inv_(.+)\/void$/.exec(path) ?? [];
    if (voided !== undefined) return this.void(voided);
    if (method === 'POST') return this.issue(JSON.parse(text));
    const orderId = new URL(path, this.url).searchParams.get('orderId') ?? '';
    const invoice = this.invoices.get(orderId);
    return { status: 200, json: { invoices: invoice ? [invoice] : [] } };
  }

  private void(orderId: string): FakeResponse {
    const invoice = this.invoices.get(orderId);
    const status =
      { open: 200, void: 200, paying: 202, paid: 409 }[String(invoice?.['state'])] ?? 404;
    if (invoice && status === 200) invoice['state'] = 'void';
    return { status, json: { ...invoice } };
  }

  private issue(content: { orderId: string }): FakeResponse {
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

export interface FakeServices {
  readonly tokens: FakeTokenEndpoint;
  readonly billing: FakeBilling;
  /** Settings of orders for these servers. */
  settings(): Record<string, string>;
  close(): Promise<void>;
}

export async function startFakeServices(issuer: TestIssuer): Promise<FakeServices> {
  const tokens = await new FakeTokenEndpoint(issuer).start();
  const billing = await new FakeBilling().start();
  return {
    tokens,
    billing,
    settings: () => ({
      AUTH_TOKEN_ENDPOINT: tokens.url,
      BILLING_URL: billing.url,
      CLIENT_SECRET,
    }),
    async close() {
      await tokens.stop();
      await billing.stop();
    },
  };
}

export function decodeClaims(token: string | undefined): Record<string, unknown> {
  return JSON.parse(Buffer.from(token?.split('.')[1] ?? '', 'base64url').toString());
}

function decodeSubject(token: string | null): string | undefined {
  return token === null ? undefined : String(decodeClaims(token)['sub']);
}
