import { domainToASCII } from 'node:url';
import { z } from 'zod';

/** Octets (RFC 5321 §4.5.3.1.1, erratum 1690). */
const MAX_LOCAL_PART_BYTES = 64;
const MAX_ADDRESS_BYTES = 254;

/** Atoms that dots join (RFC 5322 §3.2.3), with letters of all scripts (RFC 6531 §3.3). */
const ATOM = String.raw`[\p{L}\p{M}\p{N}!#$%&'*+\-/=?^_\x60{|}~]+`;
const LOCAL_PART_PATTERN = new RegExp(String.raw`^${ATOM}(\.${ATOM})*$`, 'u');

/** Invisible characters would make two addresses look the same. */
const INVISIBLE = /\p{Default_Ignorable_Code_Point}/u;
const LATIN = /\p{Script=Latin}/u;
/** Scripts with letters that look like Latin ones. */
const LOOKS_LATIN = /[\p{Script=Cyrillic}\p{Script=Greek}]/u;

/** The characters of a domain name as a person types it, with the dots of UTS 46. */
const TYPED_DOMAIN_PATTERN = /^[\p{L}\p{M}\p{N}.\-。．｡]+$/u;
const LABEL = '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?';
/** The last label begins with a letter, so that no IPv4 address matches. */
const DOMAIN_PATTERN = new RegExp(`^(${LABEL}\\.)+(?=[a-z][a-z0-9-])${LABEL}$`);

/**
 * The one form in which an address is stored and compared: lower case, Unicode NFC, the domain as A-labels (RFC 5891). So the
 * forms in which one address is written never become two accounts.
 *
 * @returns undefined if the text is no e-mail address
 */
export function normalizeEmail(text: string): string | undefined {
  const [, localPart = '', domain = ''] = /^(.+)@([^@]+)$/su.exec(text.trim()) ?? [];
  const local = localPart.normalize('NFC').toLowerCase().normalize('NFC');
  const asciiDomain = toAsciiDomain(domain);
  if (!isLocalPart(local) || asciiDomain === undefined) return undefined;
  const address = `${local}@${asciiDomain}`;
  return Buffer.byteLength(address) <= MAX_ADDRESS_BYTES ? address : undefined;
}

function isLocalPart(local: string): boolean {
  if (Buffer.byteLength(local) > MAX_LOCAL_PART_BYTES || !LOCAL_PART_PATTERN.test(local)) {
    return false;
  }
  // Compatibility characters, such as full-width letters, and letters of two scripts imitate another address.
  const hasOneForm = local.normalize('NFKC') === local && !INVISIBLE.test(local);
  return hasOneForm && !(LATIN.test(local) && LOOKS_LATIN.test(local));
}

function toAsciiDomain(domain: string): string | undefined {
  if (!TYPED_DOMAIN_PATTERN.test(domain) || INVISIBLE.test(domain)) return undefined;
  const ascii = domainToASCII(domain);
  return DOMAIN_PATTERN.test(ascii) && ascii.length <= 253 ? ascii : undefined;
}

/** An e-mail address, transformed to the form of {@link normalizeEmail}. */
export const email = z
  .string()
  .max(MAX_ADDRESS_BYTES)
  .transform((text, context) => {
    const address = normalizeEmail(text);
    if (address === undefined) context.addIssue('must be an e-mail address');
    return address ?? z.NEVER;
  })
  .meta({ format: 'email' });
