import { Controller, type INestApplicationContext, type Type } from '@nestjs/common';
import { EventPattern, MessagePattern } from '@nestjs/microservices';
import {
  AccessRules,
  type Rejection,
  RequireScopes,
  type ResourceServerOptions,
  UnguardedHandlers,
} from '../../../src/index.js';
import { GuardedMessages } from '../../../src/microservices/index.js';
import { TestIssuer } from '../../../testing/index.js';
import {
  type Messages,
  OrdersController,
  startHybrid,
  startMicroservice,
  takeDecisions,
  TcpClient,
  tcpOptions,
} from '../../support/guarded-messages.js';
import { freePort } from '../../support/free-port.js';

type Start = (messages: Messages, port: number) => Promise<INestApplicationContext>;

const applications: [name: string, start: Start][] = [
  ['with messages only', (messages, port) => startMicroservice(messages, tcpOptions(port))],
  [
    'with HTTP and messages',
    (messages, port) => startHybrid(messages, tcpOptions(port), { inheritAppConfig: false }),
  ],
  [
    'with HTTP, messages and `inheritAppConfig`',
    (messages, port) => startHybrid(messages, tcpOptions(port), { inheritAppConfig: true }),
  ],
];

let issuer: TestIssuer;
let port: number;

beforeEach(async () => {
  issuer = await TestIssuer.start();
  port = await freePort();
});
afterEach(() => issuer.close());

describe.each(applications)('application %s', (_name, start) => {
  it('decides and reports every call once', async () => {
    const rejections: Rejection[] = [];
    const onRejected = (rejection: Rejection) => rejections.push(rejection);
    const app = await start({ guards: { ...issuer.options, onRejected } }, port);
    const anonymous = new TcpClient(port);
    const caller = new TcpClient(port, { authorization: `Bearer ${issuer.accessToken()}` });
    takeDecisions();

    expect(await anonymous.send('vote')).toMatchObject({ message: 'Unauthorized' });
    expect(await caller.send('orders')).toMatchObject({ code: 'insufficient_scope' });
    expect(await caller.send('vote')).toBe(true);
    expect(takeDecisions()).toBe(1);
    expect(rejections.map(({ reason }) => reason)).toEqual(['no_token', 'insufficient_scope']);
    await anonymous.close();
    await caller.close();
    await app.close();
  });
});

describe('controller for HTTP and messages', () => {
  it('decides every HTTP request once', async () => {
    const guards = { ...issuer.options };
    const app = await startHybrid({ guards }, tcpOptions(port), { inheritAppConfig: false });
    const url = `${await app.getUrl()}/votes`;
    takeDecisions();

    expect((await fetch(url)).status).toBe(401);
    const headers = { authorization: `Bearer ${issuer.accessToken()}` };
    expect((await fetch(url, { headers })).status).toBe(200);
    expect(takeDecisions()).toBe(1);
    await app.close();
  });
});

describe('boot audit of message handlers', () => {
  async function startAndListFaults(controller: Type, guards: Partial<ResourceServerOptions> = {}) {
    const messages = { guards: { ...issuer.options, ...guards }, controllers: [controller] };
    const failure = await startMicroservice(messages, tcpOptions(port)).then(
      (started) => started.close(),
      (error: unknown) => error,
    );
    if (failure instanceof UnguardedHandlers) return failure.handlers;
    throw new Error('The application started or failed with another error', { cause: failure });
  }

  it('reports handlers without an access decorator', async () => {
    @Controller()
    @GuardedMessages()
    class ForgetfulController {
      @MessagePattern('find')
      find() {}

      @EventPattern('placed')
      placed(_order: unknown) {}
    }

    expect(await startAndListFaults(ForgetfulController)).toEqual([
      'ForgetfulController.find: has no access decorator: add @RequireScopes(…), @Public() or @OptionalToken(), or set `publicControllers: [ForgetfulController]` if it is a class of a package',
      'ForgetfulController.placed: has no access decorator: add @RequireScopes(…), @Public() or @OptionalToken(), or set `publicControllers: [ForgetfulController]` if it is a class of a package',
    ]);
  });

  it('reports handlers whose transport is missing', async () => {
    expect(await startAndListFaults(OrdersController, { transports: [] })).toContain(
      'OrdersController.placed: microservice calls are refused: its transport is not among the `transports`',
    );
  });

  it.each([
    ['without @GuardedMessages()', class {}],
    ['with @GuardedMessages() only on its base class', OrdersController],
  ])('reports a controller %s', async (_how, base: Type<object>) => {
    @Controller()
    class BareController extends base {
      @MessagePattern('bare')
      @RequireScopes('orders:read')
      bare() {}
    }

    expect(await startAndListFaults(BareController)).toContain(
      'BareController.bare: Nest calls no global guard here: BareController needs @GuardedMessages()',
    );
  });

  it('lists message handlers in the table of access rules', async () => {
    const app = await startMicroservice({ guards: issuer.options }, tcpOptions(port));

    expect(app.get(AccessRules).table()).toContainEqual(
      expect.objectContaining({
        kind: 'microservice',
        handler: 'placed',
        access: 'token',
        scopes: ['orders:write'],
      }),
    );
    await app.close();
  });
});
