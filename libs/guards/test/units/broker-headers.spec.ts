import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import {
  KafkaContext,
  MqttContext,
  NatsContext,
  RedisContext,
  RmqContext,
} from '@nestjs/microservices';
import { microserviceTransport } from '../../src/microservices/index.js';

type Headers = Readonly<Record<string, unknown>>;

/** Headers with the interface of the NATS client. */
const natsHeaders = (headers: Headers) => ({
  keys: () => Object.keys(headers),
  values: (name: string) => [headers[name]].flat(),
});

/** The contexts that Nest makes from the packets of each broker client. */
const contexts: [broker: string, context: (headers: Headers | undefined) => object][] = [
  ['NATS', (headers) => new NatsContext(['subject', headers && natsHeaders(headers)])],
  ['Kafka', (headers) => Reflect.construct(KafkaContext, [[{ headers }]])],
  ['RabbitMQ', (headers) => new RmqContext([{ properties: { headers } }, {}, 'pattern'])],
  ['MQTT 5', (headers) => new MqttContext(['topic', { properties: { userProperties: headers } }])],
  ['Redis', (headers) => Reflect.construct(RedisContext, [['channel', headers]])],
];

function readHeaders(context: object | undefined) {
  const call = new ExecutionContextHost([{ authorization: 'Bearer data' }, context]);
  call.setType('rpc');
  return microserviceTransport().carrier(call).headers;
}

describe.each(contexts)('message over %s', (_broker, context) => {
  it('carries its token in `authorization`, in any case', () => {
    expect(readHeaders(context({ authorization: 'Bearer a' }))).toEqual({
      authorization: 'Bearer a',
    });
    expect(readHeaders(context({ Authorization: 'Bearer a' }))).toEqual({
      authorization: 'Bearer a',
    });
  });

  it.each([['authorization'], ['Authorization'], ['access_token'], ['access-token']])(
    'may carry its token without a scheme, in `%s`',
    (name) => {
      expect(readHeaders(context({ [name]: 'a' }))).toEqual({ authorization: 'Bearer a' });
      expect(readHeaders(context({ [name]: 'bearer a' }))).toEqual({ authorization: 'Bearer a' });
    },
  );

  it('may carry the same token twice', () => {
    const headers = { authorization: 'Bearer a', access_token: 'a' };
    expect(readHeaders(context(headers))).toEqual({ authorization: 'Bearer a' });
  });

  it('can carry its token as bytes', () => {
    expect(readHeaders(context({ authorization: Buffer.from('Bearer a') }))).toEqual({
      authorization: 'Bearer a',
    });
  });

  it.each([
    ['two spellings', { authorization: 'Bearer a', Authorization: 'Bearer b' }],
    ['a list', { authorization: ['Bearer a', 'Bearer b'] }],
  ])('carries an unusable list for %s', (_name, headers) => {
    expect(readHeaders(context(headers))).toEqual({ authorization: ['Bearer a', 'Bearer b'] });
  });

  it.each([[undefined], [{}], [{ other: 'Bearer a' }]])(
    'carries no token in the headers %j',
    (headers) => {
      expect(readHeaders(context(headers))).toEqual({});
    },
  );
});

describe('message without headers', () => {
  it.each([
    ['MQTT before 5', new MqttContext(['topic', {}])],
    ['an unknown transport', {}],
    ['no context', undefined],
  ])('carries no token, also if its data contains one: %s', (_name, context) => {
    expect(readHeaders(context)).toEqual({});
  });
});
