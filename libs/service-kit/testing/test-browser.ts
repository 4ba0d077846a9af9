/** A response whose body was read. */
export interface TestResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The parsed body, if it is JSON. */
  readonly body: Record<string, string>;
}

export interface FormChoice {
  /** The action of the form. Default: the first form of the page. */
  readonly action?: string | undefined;
}

export interface FilledForm {
  readonly action: string;
  readonly body: URLSearchParams;
}

type Fields = Readonly<Record<string, string>>;
type Send = (url: URL, init: RequestInit) => Promise<Response>;

/**
 * A browser without a window for one origin: it keeps cookies, follows redirects, and submits forms. Its cookie jar ignores
 * `Path` and `Secure`, because the tests use http.
 */
export class TestBrowser {
  readonly cookies = new Map<string, string>();

  constructor(
    private readonly origin: string,
    private readonly send: Send = fetch,
  ) {}

  /** Sends one request, and does not follow a redirect. @throws {Error} if the URL has another origin */
  async open(address: string | URL, init: RequestInit = {}): Promise<TestResponse> {
    const url = this.resolve(address);
    if (!url) throw new Error(`${String(address)} is not at ${this.origin}`);
    const headers = new Headers(init.headers);
    if (this.cookies.size > 0) headers.set('cookie', this.cookieHeader);
    const response = await this.send(url, { redirect: 'manual', ...init, headers });
    for (const cookie of response.headers.getSetCookie()) this.storeCookie(cookie);
    return readResponse(response);
  }

  /** Follows redirects within the origin. @returns the first page, or the redirect to another origin */
  async follow(answer: TestResponse): Promise<TestResponse> {
    const location = answer.headers.get('location');
    const next = answer.status === 303 && location !== null && this.resolve(location);
    return next ? this.follow(await this.open(next)) : answer;
  }

  /** Opens an address, and follows redirects within the origin. */
  async visit(address: string | URL, init: RequestInit = {}): Promise<TestResponse> {
    return this.follow(await this.open(address, init));
  }

  /** Submits a form of a page with these values, and does not follow a redirect. */
  submit(page: TestResponse, fields: Fields = {}, choice: FormChoice = {}): Promise<TestResponse> {
    const { action, body } = findForm(page, fields, choice);
    return this.open(action, { method: 'POST', body });
  }

  deleteCookie(name: string): void {
    this.cookies.delete(name);
  }

  protected get cookieHeader(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  private storeCookie(cookie: string): void {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
    if (/max-age=0|expires=thu, 01 jan 1970/i.test(cookie)) this.cookies.delete(name);
    else this.cookies.set(name, value);
  }

  /** @returns undefined for another origin */
  private resolve(address: string | URL): URL | undefined {
    const url = new URL(address, this.origin);
    return url.origin === new URL(this.origin).origin ? url : undefined;
  }
}

export async function readResponse(response: Response): Promise<TestResponse> {
  const { status, headers } = response;
  const text = await response.text();
  const isJson = headers.get('content-type')?.includes('json') ?? false;
  return { status, headers, text, body: isJson && text ? JSON.parse(text) : {} };
}

/** Fills in a form of a page. Inputs without a new value, such as hidden ones, keep the value of the page. */
export function findForm(
  { text }: Pick<TestResponse, 'text'>,
  fields: Fields = {},
  { action }: FormChoice = {},
): FilledForm {
  const form = parseForms(text).find((each) => action === undefined || each.action === action);
  if (!form) throw new Error(`no form${action === undefined ? '' : ` for ${action}`} in: ${text}`);
  return { action: form.action, body: new URLSearchParams({ ...form.fields, ...fields }) };
}

function parseForms(text: string): { action: string; fields: Fields }[] {
  return [...text.matchAll(/<form([^>]*)>(.*?)<\/form>/gs)].map(
    ([, attributes = '', content = '']) => ({
      action: readAttribute(attributes, 'action'),
      fields: Object.fromEntries(
        [...content.matchAll(/<input([^>]*)>/g)].map(([, input = '']) => [
          readAttribute(input, 'name'),
          readAttribute(input, 'value'),
        ]),
      ),
    }),
  );
}

const readAttribute = (attributes: string, name: string): string =>
  unescapeHtml(new RegExp(`\\s${name}="([^"]*)"`).exec(attributes)?.[1] ?? '');

const ENTITIES: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
};
const unescapeHtml = (text: string): string =>
  text.replaceAll(/&(?:amp|lt|gt|quot|#39);/g, (entity) => ENTITIES[entity] ?? entity);
