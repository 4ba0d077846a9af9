import { TestBrowser } from '../browser.js';
import type { Answer, TestAuth } from '../mothers.js';
import { ISSUER } from './addresses.js';

/** What a person saw of the server, and where that ended. */
export interface Visit {
  /** The pages that asked for something, in order. */
  readonly pages: readonly PageName[];
  /** The address outside of the server that the browser was sent to; none where it stayed on a page. */
  readonly arrival: URL | undefined;
  readonly answer: Answer;
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

  async visit(url: URL, init: RequestInit = {}): Promise<Visit> {
    const pages: PageName[] = [];
    let answer = await this.open(url, init);
    for (let name = pageIn(answer); name; name = pageIn(answer)) {
      pages.push(name);
      if (pages.length > 5) throw new Error(`no end of pages: ${pages.join(' ')}`);
      answer = await this.browser.follow(await this.fill(name, answer));
    }
    return { pages, arrival: arrivalIn(answer), answer };
  }

  /** As far as the first page. */
  async open(url: URL, init: RequestInit = {}): Promise<Answer> {
    return this.browser.follow(await this.browser.open(url.href.replace(ISSUER, ''), init));
  }

  private fill(name: PageName, page: Answer): Promise<Answer> {
    if (name === 'login') return this.browser.submit(page, this.credentials);
    return this.browser.submit(page, name === 'consent' ? { decision: 'allow' } : {});
  }
}

const pageIn = ({ text }: Answer): PageName | undefined =>
  PAGES.find(([, mark]) => text.includes(mark))?.[0];

function arrivalIn({ headers }: Answer): URL | undefined {
  const location = headers.get('location');
  return location === null ? undefined : new URL(location);
}
