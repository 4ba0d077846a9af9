import { Body, Controller, Get, Post } from '@nestjs/common';
import { z } from 'zod';
import { RateLimited } from '../platform/rate-limit.guard.js';
import { ConsentPageService, type ConsentPageState } from './consent-page.service.js';
import { renderForm } from './form.js';
import { html } from './html.js';
import type { PageContext } from './page-context.js';
import { buildContinueUrl, renderPage, seeOther } from './page.js';
import { CurrentPageContext, Pages } from './pages.guard.js';

const consentForm = z.object({ decision: z.enum(['allow', 'deny']) });
type ConsentForm = z.infer<typeof consentForm>;

/** A person is asked whether a client may have what it asks for. */
@Controller('consent')
@RateLimited('authorization')
@Pages()
export class ConsentPageController {
  constructor(private readonly consentPages: ConsentPageService) {}

  @Get()
  async show(@CurrentPageContext() visitor: PageContext): Promise<Response> {
    const question = await this.consentPages.findState(visitor);
    return question
      ? renderConsentPage(visitor, question)
      : seeOther(buildContinueUrl(visitor, visitor.ticket));
  }

  @Post()
  async decide(
    @CurrentPageContext() visitor: PageContext,
    @Body({ schema: consentForm }) { decision }: ConsentForm,
  ): Promise<Response> {
    return seeOther(await this.consentPages.recordDecision(visitor, decision));
  }
}

export function renderConsentPage(visitor: PageContext, question: ConsentPageState): Response {
  const { consent: texts, scopes } = visitor.texts;
  const { client: requester, email, scope } = question;
  const title = texts.title(requester.name);
  const { host, protocol } = new URL(requester.redirectUri);
  const content = html`<button id="consent-allow" type="submit" name="decision" value="allow">
      ${texts.allow}
    </button>
    <button class="plain" id="consent-deny" type="submit" name="decision" value="deny">
      ${texts.deny}
    </button>`;
  return renderPage(visitor, {
    title,
    formRedirectUri: requester.redirectUri,
    main: html`<h1>${title}</h1>
      <p class="quiet">${texts.account(email)}</p>
      <h2>${texts.asks}</h2>
      <ul class="scopes">
        ${scope.map((word) => html`<li>${scopes[word] ?? word}</li>`)}
      </ul>
      ${renderForm(visitor, { action: '/consent', content })}
      <p class="aside small">${texts.returnsTo(host || protocol)} ${texts.canRemoveLater}</p>`,
  });
}
