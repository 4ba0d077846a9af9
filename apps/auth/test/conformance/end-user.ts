import type { TestAuth, TestResponse } from '../support/test-auth.js';
import { TestBrowser } from '../support/test-browser.js';

/** The address of the server as everybody knows it. In front of it stands what takes TLS off, here a fetch. */
export const ISSUER = 'https://op.example';
/** Where the suite runs. */
export const SUITE = 'https://suite.example/test/a/gatehouse';
export const CALLBACK = `${SUITE}/callback`;

/** What a person saw of the server, and where that ended. */
export interface NavigationResult {
  /** The pages that asked for something, in order. */
  readonly pages: readonly PageName[];
  /** The address outside of the server that the browser was sent to; none where it stayed on a page. */
  readonly arrival: URL | undefined;
  readonly answer: TestResponse;
}
export type PageName = 'login' | 'consent' | 'logout';

/** As the suite finds its way: by the ids of elements. */
const PAGES: readonly (readonly [PageName, string])[] = [
  ['login', 'id="login"'],
  ['consent', 'id="consent-allow"'],
  ['logout', 'id="logout-confirm"'],
];

/** A person with a browser, who does what the pages ask for. */
export class EndUser {
  private readonly browser: TestBrowser;

  constructor(
    auth: TestAuth,
    private readonly credentials: { readonly login: string; readonly password: string },
  ) {
    this.browser = new TestBrowser(auth);
  }

  async navigate(url: URL, init: RequestInit = {}): Promise<NavigationResult> {
    const pages: PageName[] = [];
    let answer = await this.open(url, init);
    for (let name = detectPage(answer); name; name = detectPage(answer)) {
      pages.push(name);
      if (pages.length > 5) throw new Error(`no end of pages: ${pages.join(' ')}`);
      answer = await this.browser.follow(await this.submitPage(name, answer));
    }
    return { pages, arrival: readRedirect(answer), answer };
  }

  /** As far as the first page. */
  async open(url: URL, init: RequestInit = {}): Promise<TestResponse> {
    return this.browser.follow(await this.browser.open(url.href.replace(ISSUER, ''), init));
  }

  private submitPage(name: PageName, page: TestResponse): Promise<TestResponse> {
    if (name === 'login') return this.browser.submit(page, this.credentials);
    return this.browser.submit(page, name === 'consent' ? { decision: 'allow' } : {});
  }
}

const detectPage = ({ text }: TestResponse): PageName | undefined =>
  PAGES.find(([, mark]) => text.includes(mark))?.[0];

function readRedirect({ headers }: TestResponse): URL | undefined {
  const location = headers.get('location');
  return location === null ? undefined : new URL(location);
}
