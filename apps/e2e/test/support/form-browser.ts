/** A response with its final URL. */
export interface Page {
  readonly url: URL;
  readonly status: number;
  readonly text: string;
}

/** A browser without a window that keeps cookies, follows redirects and submits forms. */
export class FormBrowser {
  private readonly cookies = new Map<string, string>();

  /** @param home the only origin that the browser opens; a redirect to another origin returns an empty page */
  constructor(private readonly home: string) {}

  async open(url: URL, init: RequestInit = {}): Promise<Page> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, { ...init, headers: { cookie }, redirect: 'manual' });
    for (const line of response.headers.getSetCookie()) this.keep(line);
    const location = response.headers.get('location');
    if (location === null) return { url, status: response.status, text: await response.text() };
    await response.body?.cancel();
    const next = new URL(location, url);
    return next.origin === this.home
      ? this.open(next)
      : { url: next, status: response.status, text: '' };
  }

  /** Submits the form with a field or button of this name. */
  submit({ url, text }: Page, typed: Readonly<Record<string, string>>): Promise<Page> {
    const [name = ''] = Object.keys(typed);
    const forms = [...text.matchAll(/<form([^>]*)>(.*?)<\/form>/gs)];
    const form = forms.find(([, , content = '']) => content.includes(`name="${name}"`));
    if (!form) throw new Error(`no form with ${name} in ${text}`);
    const [, attributes = '', content = ''] = form;
    const action = unescaped(/action="([^"]*)"/.exec(attributes)?.[1] ?? '');
    const body = new URLSearchParams({ ...hiddenFields(content), ...typed });
    return this.open(new URL(action, url), { method: 'POST', body });
  }

  private keep(line: string): void {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    this.cookies.set(name, value);
  }
}

function hiddenFields(content: string): Record<string, string> {
  const inputs = [...content.matchAll(/<input[^>]*type="hidden"[^>]*>/g)].map(([input]) => input);
  const attribute = (input: string, name: string) =>
    unescaped(new RegExp(`${name}="([^"]*)"`).exec(input)?.[1] ?? '');
  return Object.fromEntries(
    inputs.map((input) => [attribute(input, 'name'), attribute(input, 'value')]),
  );
}

const unescaped = (text: string): string =>
  text.replaceAll('&amp;', '&').replaceAll('&quot;', '"').replaceAll('&#39;', "'");
