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
  ['of messages alone', (messages, port) => startMicroservice(messages, tcpOptions(port))],
  [
    'of HTTP and messages',
    (messages, port) => startHybrid(messages, tcpOptions(port), { inheritAppConfig: false }),
  ],
  [
    'of HTTP and messages, with `inheritAppConfig`',
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

describe.each(applications)('an application %s', (_name, start) => {
  it('is guarded, and every call is decided and reported once', async () => {
    const rejections: Rejection[] = [];
    const onRejected = (rejection: Rejection) => rejections.push(rejection);
    const app = await start({ guards: { ...issuer.options, onRejected } }, port);
    const stranger = new TcpClient(port);
    const caller = new TcpClient(port, { authorization: `Bearer ${issuer.accessToken()}` });
    takeDecisions();

    expect(await stranger.send('vote')).toMatchObject({ message: 'Unauthorized' });
    expect(await caller.send('orders')).toMatchObject({ code: 'insufficient_scope' });
    expect(await caller.send('vote')).toBe(true);
    expect(takeDecisions()).toBe(1);
    expect(rejections.map(({ reason }) => reason)).toEqual(['no_token', 'insufficient_scope']);
    await stranger.close();
    await caller.close();
    await app.close();
  });
});

describe('a controller of HTTP and messages', () => {
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

describe('message handlers', () => {
  async function faultsOf(controller: Type, guards: Partial<ResourceServerOptions> = {}) {
    const messages = { guards: { ...issuer.options, ...guards }, controllers: [controller] };
    const failure = await startMicroservice(messages, tcpOptions(port)).then(
      (started) => started.close(),
      (error: unknown) => error,
    );
    if (failure instanceof UnguardedHandlers) return failure.handlers;
    throw new Error('It started, or failed otherwise', { cause: failure });
  }

  it('do not start while one of them says nothing', async () => {
    @Controller()
    @GuardedMessages()
    class ForgetfulController {
      @MessagePattern('asked')
      asked() {}

      @EventPattern('told')
      told(_order: unknown) {}
    }

    expect(await faultsOf(ForgetfulController)).toEqual([
      'ForgetfulController.asked: says nothing',
      'ForgetfulController.told: says nothing',
    ]);
  });

  it('do not start without their transport', async () => {
    expect(await faultsOf(OrdersController, { transports: [] })).toContain(
      'OrdersController.placed: microservice calls are refused: its transport is not among the `transports`',
    );
  });

  it.each([
    ['without @GuardedMessages()', class {}],
    ['with that of the class that they extend alone', OrdersController],
  ])('do not start %s', async (_how, base: Type<object>) => {
    @Controller()
    class BareController extends base {
      @MessagePattern('bare')
      @RequireScopes('orders:read')
      bare() {}
    }

    expect(await faultsOf(BareController)).toContain(
      'BareController.bare: Nest calls no global guard here: BareController needs @GuardedMessages()',
    );
  });

  it('are in the table', async () => {
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
