import type { Requester } from '../interactions/requesters.js';
import { form } from '../pages/form.js';
import { html } from '../pages/html.js';
import { addressOf, page } from '../pages/page.js';
import type { Visitor } from '../pages/visitor.js';

interface Choice {
  readonly requester: Requester | undefined;
  /** Of the account that the browser is logged in to. */
  readonly email: string;
}

export function selectAccountPage(visitor: Visitor, { requester, email }: Choice): Response {
  const { selectAccount: texts, login, account } = visitor.texts;
  const content = html`<button id="submit" type="submit">${texts.goOn}</button>`;
  return page(visitor, {
    title: texts.title,
    leadsTo: requester?.redirectUri,
    main: html`<h1>${texts.title}</h1>
      ${requester && html`<p class="quiet">${login.to(requester.name)}</p>`}
      <p class="person">${account.signedInAs(email)}</p>
      ${form(visitor, { action: '/select-account', content })}
      <a class="button plain" id="another-account" href="${addressOf('/login', visitor)}"
        >${texts.another}</a
      >`,
  });
}
