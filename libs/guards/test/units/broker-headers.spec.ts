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

/** As the client of NATS has them. */
const natsHeaders = (headers: Headers) => ({
  keys: () => Object.keys(headers),
  values: (name: string) => [headers[name]].flat(),
});

/** Nest's contexts, of what the clients of the brokers hand to Nest. */
const contexts: [broker: string, context: (headers: Headers | undefined) => object][] = [
  ['NATS', (headers) => new NatsContext(['subject', headers && natsHeaders(headers)])],
  ['Kafka', (headers) => Reflect.construct(KafkaContext, [[{ headers }]])],
  ['RabbitMQ', (headers) => new RmqContext([{ properties: { headers } }, {}, 'pattern'])],
  ['MQTT 5', (headers) => new MqttContext(['topic', { properties: { userProperties: headers } }])],
  ['Redis', (headers) => Reflect.construct(RedisContext, [['channel', headers]])],
];

function carrierOf(context: object | undefined) {
  const call = new ExecutionContextHost([{ authorization: 'Bearer data' }, context]);
  call.setType('rpc');
  return microserviceTransport().carrier(call).headers;
}

describe.each(contexts)('a message by %s', (_broker, context) => {
  it('bears its token in `authorization`, in any case', () => {
    expect(carrierOf(context({ authorization: 'Bearer a' }))).toEqual({
      authorization: 'Bearer a',
    });
    expect(carrierOf(context({ Authorization: 'Bearer a' }))).toEqual({
      authorization: 'Bearer a',
    });
  });

  it('may bear it as bytes', () => {
    expect(carrierOf(context({ authorization: Buffer.from('Bearer a') }))).toEqual({
      authorization: 'Bearer a',
    });
  });

  it.each([
    ['two spellings', { authorization: 'Bearer a', Authorization: 'Bearer b' }],
    ['a list', { authorization: ['Bearer a', 'Bearer b'] }],
  ])('bears none that can be used in %s', (_name, headers) => {
    expect(carrierOf(context(headers))).toEqual({ authorization: ['Bearer a', 'Bearer b'] });
  });

  it.each([[undefined], [{}], [{ other: 'Bearer a' }]])('bears none in %j', (headers) => {
    expect(carrierOf(context(headers))).toEqual({});
  });
});

describe('a message without headers', () => {
  it.each([
    ['MQTT before 5', new MqttContext(['topic', {}])],
    ['a transport that nobody knows', {}],
    ['none at all', undefined],
  ])('bears no token, whatever its data holds: %s', (_name, context) => {
    expect(carrierOf(context)).toEqual({});
  });
});
