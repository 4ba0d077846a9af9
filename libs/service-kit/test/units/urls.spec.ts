import {
  isLoopbackHost,
  isLoopbackLiteral,
  parseUrl,
  removeLoopbackPort,
  removeTrailingSlash,
} from '../../src/index.js';

describe('loopback hosts', () => {
  it.each(['localhost', '127.0.0.1', '127.1.2.3', '[::1]'])('include %s', (host) => {
    expect(isLoopbackHost(host)).toBe(true);
  });

  it.each(['localhost.example', '128.0.0.1', '127.0.0.1.example', '[::2]', ''])(
    'exclude %j',
    (host) => {
      expect(isLoopbackHost(host)).toBe(false);
    },
  );

  it('takes 127.0.0.1 and [::1] alone for loopback literals (RFC 8252 §7.3)', () => {
    const hosts = ['127.0.0.1', '[::1]', 'localhost', '127.0.0.2', '::1'];
    expect(hosts.filter(isLoopbackLiteral)).toEqual(['127.0.0.1', '[::1]']);
  });
});

describe('the port of a loopback URI (RFC 8252 §7.3)', () => {
  it.each([
    ['http://127.0.0.1:5000/cb?a=b', 'http://127.0.0.1/cb?a=b'],
    ['http://127.0.0.1/cb', 'http://127.0.0.1/cb'],
    ['http://[::1]:65535', 'http://[::1]'],
  ])('is removed from %s', (uri, expected) => {
    expect(removeLoopbackPort(uri)).toBe(expected);
  });

  it.each([
    'http://127.0.0.1:65536/cb',
    'http://127.0.0.1:123456/cb',
    'http://127.0.0.1:/cb',
    'http://127.0.0.1:80@evil.example/cb',
    'http://127.0.0.1.evil.example/cb',
    'http://127.0.0.2:80/cb',
    'http://localhost:5000/cb',
    'https://127.0.0.1:5000/cb',
    'x-http://127.0.0.1:5000/cb',
  ])('is kept in %s, which is no loopback URI', (uri) => {
    expect(removeLoopbackPort(uri)).toBeUndefined();
  });
});

describe('removeTrailingSlash', () => {
  it.each([
    ['https://id.example/', 'https://id.example'],
    ['https://id.example/tenant', 'https://id.example/tenant'],
  ])('converts %s to %s', (url, expected) => {
    expect(removeTrailingSlash(url)).toBe(expected);
  });
});

describe('parseUrl', () => {
  it('reads a URL with a letter such as ü also after Node has compiled the caller', () => {
    const hosts = new Set<string | undefined>();
    for (let n = 0; n < 20_000; n += 1) hosts.add(parseUrl('https://bücher.example')?.hostname);
    expect([...hosts]).toEqual(['xn--bcher-kva.example']);
  });

  it('returns undefined for a text that is no absolute URL', () => {
    expect(['', '/path', 'example.org', 'https://', 'https://[::1'].map(parseUrl)).toEqual(
      Array.from({ length: 5 }, () => undefined),
    );
  });
});
