import { describeDevice } from '../../src/sessions/device.js';
import { networkOf, widerNetworkOf } from '../../src/platform/network.js';

describe('the origin of a login is coarse', () => {
  it.each([
    ['203.0.113.77', '203.0.113.0/24'],
    ['127.0.0.1', '127.0.0.0/24'],
    ['::ffff:203.0.113.77', '203.0.113.0/24'],
    ['::FFFF:cb00:714d', '203.0.113.0/24'],
    ['2001:db8:12:3456:789a:bcde:f012:3456', '2001:db8:12::/48'],
    ['2001:DB8:0012::1', '2001:db8:12::/48'],
    ['2001:db8::1', '2001:db8::/48'],
    ['2001:0:5::', '2001:0:5::/48'],
    ['::1', '::/48'],
    ['::', '::/48'],
    ['1::', '1::/48'],
    ['::203.0.113.77', '::/48'],
    ['64:ff9b::203.0.113.77', '64:ff9b::/48'],
    ['fe80::1%eth0', 'fe80::/48'],
  ])('%s is of %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });

  it.each(['', 'unknown', '203.0.113', '203.0.113.256', '1::2::3', '[::1]', '%'])(
    '%j is no address',
    (text) => {
      expect(networkOf(text)).toBeNull();
    },
  );
});

describe('what is around a network', () => {
  it.each([
    ['203.0.113.77', '203.0.0.0/16'],
    ['::ffff:203.0.113.77', '203.0.0.0/16'],
    ['2001:db8:12:3456::1', '2001:db8::/32'],
    ['2001:0:5::', '2001::/32'],
    ['::1', '::/32'],
  ])('of %s is %s', (address, surroundings) => {
    expect(widerNetworkOf(address)).toBe(surroundings);
  });

  it('is nothing where there is no address', () => {
    expect(widerNetworkOf('unknown')).toBeNull();
  });
});

describe('the name of a device', () => {
  const nameOf = (userAgent?: string) => describeDevice({ userAgent, ip: '127.0.0.1' }).userAgent;

  it.each([
    ['a plain one', 'curl/8.0', 'curl/8.0'],
    ['none', undefined, null],
    ['an empty one', '   ', null],
    ['control characters', 'a\u0000b\u001b[31mc\u0085d\u007f', 'ab[31mcd'],
    ['what turns the text around', 'a\u202eb\u200bc', 'abc'],
    ['nothing but those', '\u0000\u202e', null],
    ['a long one', 'x'.repeat(5000), 'x'.repeat(255)],
    ['characters of two units, which are not cut in half', '🔑'.repeat(300), '🔑'.repeat(255)],
  ])('is printable and short: %s', (_, text, name) => {
    expect(nameOf(text)).toBe(name);
  });
});
