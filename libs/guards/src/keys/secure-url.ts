import { httpUrl } from './well-known.js';

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Why keys must not be fetched from this URL, as the end of a sentence, or undefined when they may. */
export function insecureUrlFault(
  text: string,
  { dangerouslyAllowInsecureHttp }: { readonly dangerouslyAllowInsecureHttp: boolean },
): string | undefined {
  const url = httpUrl(text);
  if (!url) return 'must be an absolute https URL (or set `jwksUri`)';
  if (url.username !== '' || url.password !== '' || url.hash !== '') {
    return 'must be a URL without credentials and fragment';
  }
  if (url.protocol === 'https:' || dangerouslyAllowInsecureHttp) return undefined;
  if (LOOPBACK.test(url.hostname)) return undefined;
  return 'must use https: plain http is for loopback hosts, or set `dangerouslyAllowInsecureHttp`';
}
