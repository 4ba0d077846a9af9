import { form } from '../pages/form.js';
import { html } from '../pages/html.js';
import { page } from '../pages/page.js';
import type { Visitor } from '../pages/visitor.js';
import type { ConsentQuestion } from './consent-questions.js';

export function consentPage(visitor: Visitor, question: ConsentQuestion): Response {
  const { consent: texts, scopes } = visitor.texts;
  const { requester, email, scope } = question;
  const title = texts.title(requester.name);
  const { host, protocol } = new URL(requester.redirectUri);
  const content = html`<button id="consent-allow" type="submit" name="decision" value="allow">
      ${texts.allow}
    </button>
    <button class="plain" id="consent-deny" type="submit" name="decision" value="deny">
      ${texts.deny}
    </button>`;
  return page(visitor, {
    title,
    leadsTo: requester.redirectUri,
    main: html`<h1>${title}</h1>
      <p class="quiet">${texts.account(email)}</p>
      <h2>${texts.asks}</h2>
      <ul class="scopes">
        ${scope.map((word) => html`<li>${scopes[word] ?? word}</li>`)}
      </ul>
      ${form(visitor, { action: '/consent', content })}
      <p class="aside small">${texts.leads(host || protocol)} ${texts.later}</p>`,
  });
}
