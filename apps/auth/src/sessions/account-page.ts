import type { Application } from '../consents/applications.js';
import { browserAndSystem } from '../notifications/device-name.js';
import { ago } from '../pages/ago.js';
import { form } from '../pages/form.js';
import { html, type Html } from '../pages/html.js';
import { page } from '../pages/page.js';
import type { Visitor } from '../pages/visitor.js';
import type { Device } from './devices.js';

export interface AccountView {
  readonly email: string;
  readonly devices: readonly Device[];
  readonly applications: readonly Application[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export function accountPage(visitor: Visitor, view: AccountView): Response {
  const { account: texts } = visitor.texts;
  const { email, devices, now } = view;
  const endOthers = html`<button class="plain" id="end-others">${texts.endOthers}</button>`;
  const signOut = html`<button id="sign-out">${texts.signOut}</button>`;
  return page(visitor, {
    title: texts.title,
    isWide: true,
    main: html`<h1>${texts.title}</h1>
      <p class="quiet">${texts.signedInAs(email)}</p>
      <h2 id="sessions">${texts.sessions}</h2>
      <ul class="entries sessions" aria-labelledby="sessions">
        ${devices.map((device) => sessionItem(visitor, device, now))}
      </ul>
      <div class="side-by-side">
        ${
          devices.length > 1 && form(visitor, { action: '/account/end-others', content: endOthers })
        }
        ${form(visitor, { action: '/oauth/logout/confirm', content: signOut })}
      </div>
      ${access(visitor, view)}`,
  });
}

function access(visitor: Visitor, { applications, now }: AccountView): Html {
  const { account: texts } = visitor.texts;
  return html`<h2 id="access">${texts.access}</h2>
    ${
      applications.length === 0
        ? html`<p class="quiet">${texts.noAccess}</p>`
        : html`<ul class="entries applications" aria-labelledby="access">
            ${applications.map((application) => applicationItem(visitor, application, now))}
          </ul>`
    }`;
}

function applicationItem(visitor: Visitor, application: Application, now: number): Html {
  const { account: texts, scopes, language } = visitor.texts;
  const { clientId: client, name, scope, since } = application;
  const content = html`<button
    class="plain"
    id="remove-access-${client}"
    aria-label="${texts.removeFrom(name)}"
  >
    ${texts.remove}
  </button>`;
  return html`<li>
    <div>
      <p class="name">${name}</p>
      <p class="quiet small">${texts.allowed(ago(since, now, language) ?? texts.now)}</p>
      <ul class="scopes small">
        ${scope.map((word) => html`<li>${scopes[word] ?? word}</li>`)}
      </ul>
    </div>
    ${form(visitor, { action: '/account/remove-access', content, hidden: { client } })}
  </li>`;
}

function sessionItem(visitor: Visitor, device: Device, now: number): Html {
  const { account: texts, language } = visitor.texts;
  const { id, isCurrent, origin, applications } = device;
  const name = texts.device(browserAndSystem(device.userAgent));
  const when = (instant: Date) => ago(instant, now, language) ?? texts.now;
  const facts = [
    `${texts.used(when(device.lastUsedAt))}, ${texts.began(when(device.begunAt))}`,
    origin === null ? '' : texts.from(origin),
    applications.length === 0 ? '' : texts.applications(applications.join(', ')),
  ];
  const end = html`<button class="plain" aria-label="${texts.endOf(name)}">${texts.end}</button>`;
  return html`<li>
    <div>
      <p class="name">
        ${name} ${isCurrent && html`<span class="badge">${texts.thisBrowser}</span>`}
      </p>
      ${facts.map((fact) => fact && html`<p class="quiet small">${fact}</p>`)}
    </div>
    ${
      !isCurrent && form(visitor, { action: '/account/end', content: end, hidden: { session: id } })
    }
  </li>`;
}
