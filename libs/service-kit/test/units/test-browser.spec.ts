import { TestBrowser } from '../../testing/index.js';

const ORIGIN = 'http://localhost:3000';
const PAGE = `
  <form method="post" action="/search"><input name="query" value="" /></form>
  <form method="post" action="/login?a=1&amp;b=2">
    <input type="hidden" name="token" value="&lt;&quot;&#39;&amp;amp;&gt;" />
    <input id="login" name="login" value="previous" />
    <button name="decision" value="allow">Allow</button>
  </form>`;

let requests: { url: string; init: RequestInit }[];
let answers: Response[];
let browser: TestBrowser;

beforeEach(() => {
  requests = [];
  answers = [];
  browser = new TestBrowser(ORIGIN, (url, init) => {
    requests.push({ url: url.href, init });
    return Promise.resolve(answers.shift() ?? new Response(''));
  });
});

const sentCookies = () => requests.map(({ init }) => new Headers(init.headers).get('cookie'));
const redirectTo = (location: string) => new Response(null, { status: 303, headers: { location } });
const settingCookie = (cookie: string) => new Response('', { headers: { 'set-cookie': cookie } });

it('keeps cookies until the server removes them', async () => {
  answers = [settingCookie('a=1; Path=/x; Secure'), settingCookie('a=; Max-Age=0')];
  for (const path of ['/1', '/2', '/3']) await browser.open(path);

  expect(sentCookies()).toEqual([null, 'a=1', null]);
});

it('follows redirects within the origin only', async () => {
  answers = [redirectTo('/b'), redirectTo(`${ORIGIN}/c`), redirectTo('https://client.example/cb')];
  const end = await browser.visit('/a');

  expect(requests.map(({ url }) => url)).toEqual(['/a', '/b', '/c'].map((path) => ORIGIN + path));
  expect(end.headers.get('location')).toBe('https://client.example/cb');
});

it.each(['https://client.example/', '//client.example/'])(
  'sends no request and no cookie to %s',
  async (url) => {
    await expect(browser.open(url)).rejects.toThrow(`${url} is not at ${ORIGIN}`);
    expect(requests).toEqual([]);
  },
);

it('submits the chosen form with the values of the page and of the user', async () => {
  answers = [new Response(PAGE)];
  const page = await browser.open('/login');
  await browser.submit(page, { login: 'user' }, { action: '/login?a=1&b=2' });

  expect(requests[1]).toMatchObject({ url: `${ORIGIN}/login?a=1&b=2`, init: { method: 'POST' } });
  expect([...(requests[1]?.init.body as URLSearchParams)]).toEqual([
    ['token', `<"'&amp;>`],
    ['login', 'user'],
  ]);
});

it('submits the first form by default, and rejects a page without the form', async () => {
  answers = [new Response(PAGE)];
  const page = await browser.open('/login');
  await browser.submit(page);

  expect(requests[1]?.url).toBe(`${ORIGIN}/search`);
  expect(() => browser.submit(page, {}, { action: '/logout' })).toThrow('no form for /logout');
});
