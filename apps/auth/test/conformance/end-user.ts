import type { TestAuth, TestResponse } from '../support/test-auth.js';
import { TestBrowser } from '../support/test-browser.js';

/** The public address of the server. TestProvider.fetch replaces the proxy that terminates TLS. */
export const ISSUER = 'https://op.example';
/** The address of the suite. */
export const SUITE = 'https://suite.example/test/a/gatehouse';
export const CALLBACK = `${SUITE}/callback`;

/** The pages that a user saw, and where the navigation ended. */
export interface NavigationResult {
  /** The pages that asked for an input, in order. */
  readonly pages: readonly PageName[];
  /** The redirect to an address outside of the server; undefined if the browser stayed on a page. */
  readonly arrival: URL | undefined;
  readonly answer: TestResponse;
}
export type PageName = 'login' | 'consent' | 'logout';

/** The suite recognizes the pages by the ids of elements. */
const PAGES: readonly (readonly [PageName, string])[] = [
  ['login', 'id="login"'],
  ['consent', 'id="consent-allow"'],
  ['logout', 'id="logout-confirm"'],
];

/** A user with a browser who completes each page. */
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

  /** Opens a URL and stops at the first page. */
  open(url: URL, init: RequestInit = {}): Promise<TestResponse> {
    return this.browser.visit(url.href.replace(ISSUER, ''), init);
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
