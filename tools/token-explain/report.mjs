import { STATUS_CODES } from 'node:http';
import { coloursFor } from '../terminal/colours.mjs';

const SIGNS = { kept: '✓', broken: '✗', unknown: '–' };
const STYLES = { kept: 'green', broken: 'red', unknown: 'dim' };
const LONGEST = 160;

/** Prints what was found. The token was written by a stranger: nothing of it reaches the terminal as it is. */
export class Report {
  #stream;
  #paint;

  constructor(stream) {
    this.#stream = stream;
    this.#paint = coloursFor(stream);
  }

  begin({ app, options }) {
    this.#say(
      this.#paint('bold', 'FOR INSPECTION ONLY: read this, and let no program decide by it.'),
      'Until the signature is found good, everything below is what somebody claims.',
      '',
      `Configuration   ${app ? `of the app ${app}` : 'from the command line'}`,
    );
    for (const { issuer, algorithms, jwksUri, audience = options.audience } of issuersOf(options)) {
      this.#say(
        `  issuer        ${printable(issuer)}`,
        `  audience      ${printable(audience)}`,
        `  algorithms    ${printable(algorithms)}`,
        `  keys          ${jwksUri ? printable(jwksUri) : 'where the metadata of the issuer says (RFC 8414)'}`,
      );
    }
  }

  token({ header, claims }) {
    this.#say('', 'Token           without its signature');
    this.#members('header', header);
    this.#members('claims', claims);
  }

  findings(findings) {
    this.#say('', 'Rules');
    for (const finding of findings) this.#finding(finding);
  }

  verdict(verdict, findings) {
    this.#say('', this.#paint('bold', this.#verdictLine(verdict, findings)));
  }

  #verdictLine(verdict, findings) {
    if (!verdict) {
      const broken = findings.some(({ verdict }) => verdict === 'broken');
      return broken
        ? 'NOT ACCEPTED: see ✗ above. The keys were not asked for.'
        : 'UNDECIDED: no rule is broken that can be judged without the keys of the issuer.';
    }
    if (!verdict.reason) {
      return 'ACCEPTED. What a handler asks for, such as scopes, comes on top.';
    }
    const status = verdict.getStatus();
    return `REFUSED: ${verdict.reason}. The caller is told ${status} ${STATUS_CODES[status]} and no reason.`;
  }

  #finding({ says, source, verdict, seen, wanted, reason, detail }) {
    const sign = this.#paint(STYLES[verdict], SIGNS[verdict]);
    this.#say(`  ${sign} ${says}  ${this.#paint('dim', `(${source})`)}`);
    if (verdict === 'unknown') return;
    if (seen !== undefined) this.#say(`      in the token: ${printable(seen)}`);
    if (wanted !== undefined) this.#say(`      held against: ${printable(wanted)}`);
    if (reason)
      this.#say(`      ${this.#paint('red', reason)}${detail ? `: ${escaped(detail)}` : ''}`);
  }

  #members(name, members) {
    if (!members) return this.#say(`  ${name}: cannot be read`);
    this.#say(`  ${name}`);
    for (const [member, value] of Object.entries(members)) {
      this.#say(`    ${escaped(member)}: ${printable(value)}`);
    }
  }

  #say(...lines) {
    for (const line of lines) this.#stream.write(`${line}\n`);
  }
}

function issuersOf(options) {
  return options.issuers ?? [options];
}

function printable(value) {
  const text = escaped(JSON.stringify(value) ?? 'nothing');
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

/** Control characters move the cursor and change colours; formatting characters turn text around. */
function escaped(text) {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => {
    return `\\u{${character.codePointAt(0).toString(16)}}`;
  });
}
