import { parseBrowserAndSystem } from '../platform/notifications/message.js';
import type { AuthorizedClient } from '../sessions/consent.service.js';
import { buildPageUrl, renderForm, renderPage } from './page.js';
import { html, type Html } from './html.js';
import {
  ACCOUNT_FORMS,
  type AccountForm,
  type PageContext,
  toAccountPath,
} from './page-context.js';
import type { SignedInDevice } from './signed-in-device.service.js';

/** Units with their length in milliseconds, longest first. */
const UNITS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['year', 31_536_000_000],
  ['month', 2_592_000_000],
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
];

/**
 * How long ago an instant was, in words, because the server does not know the user's time zone.
 *
 * @param now milliseconds since the epoch
 * @returns `undefined` for an instant within the last minute
 */
export function formatRelativeTime(
  instant: Date,
  now: number,
  language: string,
): string | undefined {
  const elapsed = now - instant.getTime();
  const unit = UNITS.find(([, length]) => elapsed >= length);
  if (!unit) return undefined;
  const [name, length] = unit;
  return new Intl.RelativeTimeFormat(language).format(-Math.floor(elapsed / length), name);
}

export interface AccountPageState {
  readonly email: string;
  readonly devices: readonly SignedInDevice[];
  readonly applications: readonly AuthorizedClient[];
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** What the user has just changed. */
  readonly notice?: string | undefined;
  /** Whether the owner has not proved the address. */
  readonly isUnverified: boolean;
}

export function renderAccountPage(context: PageContext, state: AccountPageState): Response {
  const { account: texts } = context.texts;
  const { email, devices, now, notice } = state;
  const endOthers = html`<button class="plain" id="end-others">${texts.endOthers}</button>`;
  const signOut = html`<button id="sign-out">${texts.signOut}</button>`;
  return renderPage(context, {
    title: texts.title,
    isWide: true,
    main: html`<h1>${texts.title}</h1>
      <p class="quiet">${texts.signedInAs(email)}</p>
      ${notice !== undefined && html`<p class="notice good" role="status">${notice}</p>`}
      ${state.isUnverified && renderVerification(context)}
      <h2 id="sessions">${texts.sessions}</h2>
      <ul class="entries sessions" aria-labelledby="sessions">
        ${devices.map((device) => renderDevice(context, device, now))}
      </ul>
      <div class="side-by-side">
        ${
          devices.length > 1 &&
          renderForm(context, { action: '/account/end-others', content: endOthers })
        }
        ${renderForm(context, { action: '/oauth/logout/confirm', content: signOut })}
      </div>
      ${renderApplications(context, state)} ${renderSettings(context, email)}`,
  });
}

function renderVerification(context: PageContext): Html {
  const { verification: texts } = context.texts;
  const content = html`<button class="plain" id="verify-email">${texts.send}</button>`;
  return html`<div class="notice">
    <p>${texts.notVerified}</p>
    ${renderForm(context, { action: '/account/verify-email', content })}
  </div>`;
}

/** The forms have pages of their own, which password managers and mails can link to. */
function renderSettings(context: PageContext, email: string): Html {
  const { settings: texts } = context.texts;
  const renderLink = (page: AccountForm) =>
    html`<li>
      <div>
        <p class="name">${texts[page].name}</p>
        ${page === 'email' && html`<p class="quiet small">${email}</p>`}
      </div>
      <a
        class="button plain"
        id="open-${page}"
        href="${buildPageUrl(toAccountPath(page), context)}"
      >
        ${texts[page].open}
      </a>
    </li>`;
  return html`<h2 id="settings">${texts.title}</h2>
    <ul class="entries" aria-labelledby="settings">
      ${ACCOUNT_FORMS.map(renderLink)}
    </ul>`;
}

function renderApplications(context: PageContext, { applications, now }: AccountPageState): Html {
  const { account: texts } = context.texts;
  return html`<h2 id="access">${texts.access}</h2>
    ${
      applications.length === 0
        ? html`<p class="quiet">${texts.noAccess}</p>`
        : html`<ul class="entries applications" aria-labelledby="access">
            ${applications.map((application) => renderApplication(context, application, now))}
          </ul>`
    }`;
}

function renderApplication(context: PageContext, application: AuthorizedClient, now: number): Html {
  const { account: texts, scopes, language } = context.texts;
  const { clientId: client, name, scope, since } = application;
  const content = html`<button
    class="plain"
    id="remove-access-${client}"
    aria-label="${texts.removeAccessOf(name)}"
  >
    ${texts.removeAccess}
  </button>`;
  return html`<li>
    <div>
      <p class="name">${name}</p>
      <p class="quiet small">
        ${texts.allowedSince(formatRelativeTime(since, now, language) ?? texts.now)}
      </p>
      <ul class="scopes small">
        ${scope.map((word) => html`<li>${scopes[word] ?? word}</li>`)}
      </ul>
    </div>
    ${renderForm(context, { action: '/account/remove-access', content, hidden: { client } })}
  </li>`;
}

function renderDevice(context: PageContext, device: SignedInDevice, now: number): Html {
  const { account: texts, language } = context.texts;
  const { id, isCurrent, origin, applications } = device;
  const name = texts.device(parseBrowserAndSystem(device.userAgent));
  const when = (instant: Date) => formatRelativeTime(instant, now, language) ?? texts.now;
  const facts = [
    `${texts.lastUsed(when(device.lastUsedAt))}, ${texts.signedIn(when(device.signedInAt))}`,
    origin === null ? '' : texts.network(origin),
    applications.length === 0 ? '' : texts.applications(applications.join(', ')),
  ];
  const end = html`<button class="plain" aria-label="${texts.endSessionOf(name)}">
    ${texts.endSession}
  </button>`;
  return html`<li>
    <div>
      <p class="name">
        ${name} ${isCurrent && html`<span class="badge">${texts.thisBrowser}</span>`}
      </p>
      ${facts.map((fact) => fact && html`<p class="quiet small">${fact}</p>`)}
    </div>
    ${
      !isCurrent &&
      renderForm(context, { action: '/account/end', content: end, hidden: { session: id } })
    }
  </li>`;
}
