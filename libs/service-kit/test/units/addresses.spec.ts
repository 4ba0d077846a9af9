import {
  createProxyTrust,
  expandIPv6,
  isNetwork,
  parseNodeAddress,
  readForwardedFor,
} from '../../src/addresses.js';

describe('a node identifier (RFC 7239 §6)', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    [' 203.0.113.7\t', '203.0.113.7'],
    ['203.0.113.7:50012', '203.0.113.7'],
    ['203.0.113.7:_port', '203.0.113.7'],
    ['"203.0.113.7:80"', '203.0.113.7'],
    ['2001:db8::1', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['[2001:db8::1]:4711', '2001:db8::1'],
    ['"[2001:db8:cafe::17]:4711"', '2001:db8:cafe::17'],
    ['::ffff:203.0.113.7', '::ffff:203.0.113.7'],
    ['fe80::1%eth0', 'fe80::1'],
    ['[fe80::1%25eth0]:80', 'fe80::1'],
  ])('%j has the address %s', (node, address) => {
    expect(parseNodeAddress(node)).toBe(address);
  });

  it.each([
    ...['unknown', '_hidden', '_SEVKISEK', '', '-', 'localhost', '256.1.1.1', '1.2.3', '0x7f.1'],
    ...['[203.0.113.7]', '[unknown]:80', '203.0.113.7:', '203.0.113.7:80:90', '203.0.113.7 x'],
    ...['for=203.0.113.7', '[2001:db8::1', '2001:db8::1]:80', '203.0.113.7/24', '٢٠٣.0.113.7'],
  ])('%j has no address', (node) => {
    expect(parseNodeAddress(node)).toBeUndefined();
  });
});

describe('X-Forwarded-For', () => {
  it.each([
    ['203.0.113.7:1, [2001:db8::1]:2', ['203.0.113.7', '2001:db8::1'], undefined],
    [' , 203.0.113.7 ,, 10.0.0.1,', ['203.0.113.7', '10.0.0.1'], undefined],
    ['203.0.113.7, unknown, 10.0.0.1', ['10.0.0.1'], 'unknown'],
    ['203.0.113.7, _hidden', [], '_hidden'],
    ['', [], undefined],
  ])('%j is read from the right', (field, addresses, unreadable) => {
    expect(readForwardedFor(field)).toEqual({ addresses, unreadable });
  });
});

describe('TRUST_PROXY', () => {
  it.each([
    [true, '203.0.113.7', 5, true],
    [false, '127.0.0.1', 0, false],
    [1, '203.0.113.7', 0, true],
    [1, '203.0.113.7', 1, false],
    [['loopback'], '127.8.9.10', 0, true],
    [['loopback'], '::1', 0, true],
    [['loopback'], '::ffff:127.0.0.1', 0, true],
    [['linklocal'], 'fe80::1%eth0', 0, true],
    [['uniquelocal'], '10.1.2.3', 3, true],
    [['uniquelocal'], '172.32.0.1', 0, false],
    [['10.0.0.0/8', '2001:db8::/32'], '2001:db8:1::1', 0, true],
    [['10.0.0.0/8', '2001:db8::/32'], '::ffff:10.0.0.1', 0, true],
    [['10.0.0.1'], '10.0.0.2', 0, false],
    [['10.0.0.1'], undefined, 0, false],
  ])('%j for the sender %s at hop %s: trusted is %s', (proxies, address, hop, trusted) => {
    expect(createProxyTrust(proxies)(address, hop)).toBe(trusted);
  });

  it.each([...['127.0.0.1', '10.0.0.0/8', '::1', 'fc00::/7', '0.0.0.0/0', 'loopback']])(
    'accepts the network %s',
    (text) => expect(isNetwork(text)).toBe(true),
  );

  it.each([
    ...['10.0.0.0/33', '::/129', '10.0.0/8', 'fe80::1%eth0', '10.0.0.0/8/8', '10.0.0.0/', '/8'],
    ...['proxy.example', 'toString', '10.0.0.0/-1'],
  ])('rejects the network %s', (text) => expect(isNetwork(text)).toBe(false));
});

it('expands an IPv6 address to eight groups', () => {
  expect(expandIPv6('2001:db8::1%eth0')).toEqual(['2001', 'db8', '0', '0', '0', '0', '0', '1']);
  expect(expandIPv6('::')).toEqual(Array.from({ length: 8 }, () => '0'));
  expect(expandIPv6('1:2:3:4:5:6:7:8')).toEqual(['1', '2', '3', '4', '5', '6', '7', '8']);
});
