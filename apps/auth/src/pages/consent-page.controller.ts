import { Body, Controller, Get, Post } from '@nestjs/common';
import { z } from 'zod';
import { ConsentPageService, type ConsentPageState } from './consent-page.service.js';
import { buildContinueUrl, renderForm, renderPage, seeOther } from './page.js';
import { html } from './html.js';
import type { PageContext } from './page-context.js';
import { CurrentPageContext, PageQuota, Pages } from './pages.guard.js';

const consentForm = z.object({ decision: z.enum(['allow', 'deny']) });
type ConsentForm = z.infer<typeof consentForm>;

/** Asks the user whether a client may have the requested scopes. */
@Controller('consent')
@PageQuota('authorization')
@Pages()
export class ConsentPageController {
  constructor(private readonly consentPages: ConsentPageService) {}

  @Get()
  async show(@CurrentPageContext() context: PageContext): Promise<Response> {
    const state = await this.consentPages.findState(context);
    return state
      ? renderConsentPage(context, state)
      : seeOther(buildContinueUrl(context, context.ticket));
  }

  @Post()
  async decide(
    @CurrentPageContext() context: PageContext,
    @Body({ schema: consentForm }) { decision }: ConsentForm,
  ): Promise<Response> {
    return seeOther(await this.consentPages.recordDecision(context, decision));
  }
}

export function renderConsentPage(
  context: PageContext,
  { client, email, scope }: ConsentPageState,
): Response {
  const { consent: texts, scopes } = context.texts;
  const title = texts.title(client.name);
  const { host, protocol } = new URL(client.redirectUri);
  const content = html`<button id="consent-allow" type="submit" name="decision" value="allow">
      ${texts.allow}
    </button>
    <button class="plain" id="consent-deny" type="submit" name="decision" value="deny">
      ${texts.deny}
    </button>`;
  return renderPage(context, {
    title,
    formsLeadToClient: true,
    main: html`<h1>${title}</h1>
      <p class="quiet">${texts.account(email)}</p>
      <h2>${texts.scopesIntro}</h2>
      <ul class="scopes">
        ${scope.map((word) => html`<li>${scopes[word] ?? word}</li>`)}
      </ul>
      ${renderForm(context, { action: '/consent', content })}
      <p class="aside small">${texts.returnsTo(host || protocol)} ${texts.canRemoveLater}</p>`,
  });
}
