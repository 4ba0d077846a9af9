import { describeDevice, networkOf, widerNetworkOf } from '../../src/platform/network.js';

describe('the network of an address', () => {
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
  ])('maps %s to %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });

  it('returns null when the client has disconnected, so there is no address', () => {
    expect(networkOf(undefined)).toBeNull();
    expect(widerNetworkOf(undefined)).toBeNull();
  });

  it.each(['', 'unknown', '203.0.113', '203.0.113.256', '1::2::3', '[::1]', '%'])(
    'returns null for %j, which is not an address',
    (text) => {
      expect(networkOf(text)).toBeNull();
    },
  );
});

describe('the wider network of an address', () => {
  it.each([
    ['203.0.113.77', '203.0.0.0/16'],
    ['::ffff:203.0.113.77', '203.0.0.0/16'],
    ['2001:db8:12:3456::1', '2001:db8::/32'],
    ['2001:0:5::', '2001::/32'],
    ['::1', '::/32'],
  ])('maps %s to %s', (address, network) => {
    expect(widerNetworkOf(address)).toBe(network);
  });

  it('returns null for a text that is not an address', () => {
    expect(widerNetworkOf('unknown')).toBeNull();
  });
});

describe('the name of a device', () => {
  const nameOf = (userAgent?: string) => describeDevice({ userAgent, ip: '127.0.0.1' }).userAgent;

  it.each([
    ['keeps a plain User-Agent', 'curl/8.0', 'curl/8.0'],
    ['returns null without a User-Agent', undefined, null],
    ['returns null for a blank User-Agent', '   ', null],
    ['removes control characters', 'a\u0000b\u001b[31mc\u0085d\u007f', 'ab[31mcd'],
    ['removes characters that change the direction of text', 'a\u202eb\u200bc', 'abc'],
    ['returns null when no printable character remains', '\u0000\u202e', null],
    ['shortens a long User-Agent to 255 characters', 'x'.repeat(5000), 'x'.repeat(255)],
    [
      'reads bytes that are UTF-8 as such',
      Buffer.from('App (Größe 🔑)').toString('latin1'),
      'App (Größe 🔑)',
    ],
    ['keeps other bytes as Latin-1', 'Gr\xf6\xdfe', 'Größe'],
    ['keeps surrogate pairs whole', '🔑'.repeat(300), '🔑'.repeat(255)],
  ])('%s', (_, text, name) => {
    expect(nameOf(text)).toBe(name);
  });
});
