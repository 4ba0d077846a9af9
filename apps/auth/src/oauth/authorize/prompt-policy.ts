import { Clock } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';
import { AccountRepository } from '../../accounts/account.repository.js';
import type { BrowserSession } from '../../sessions/browser-session.entity.js';
import { ConsentService } from '../../sessions/consent.service.js';
import { IdTokenService } from '../../tokens/id-token.service.js';
import { computeSubject } from '../../tokens/subject-identifier.js';
import type { Interaction } from '../../pages/interaction.service.js';
import { OAuthError } from '../../platform/oauth-error.js';
import type { AuthorizationRequest, Destination } from './authorization-request.js';

/** What a person has to do before the client is answered. */
export type RequiredInteraction = 'login' | 'select-account' | 'consent';
export type PromptDecision =
  { readonly needs: RequiredInteraction } | { readonly session: BrowserSession };

interface PromptContext {
  readonly request: AuthorizationRequest;
  readonly interaction: Interaction;
  readonly session: BrowserSession;
  /** Whether the person authenticated since the request began, and so did for it. */
  readonly isFresh: boolean;
}

/** Decides whether a person is needed, and for what (OpenID Connect Core §3.1.2.3, §3.1.2.4). */
@Injectable()
export class PromptPolicy {
  constructor(
    private readonly consents: ConsentService,
    private readonly accounts: AccountRepository,
    private readonly idTokens: IdTokenService,
    private readonly clock: Clock,
  ) {}

  /** @throws {OAuthError} `login_required` where somebody else logged in than the client means */
  async requiredInteraction(
    request: AuthorizationRequest,
    interaction: Interaction,
    session: BrowserSession | undefined,
  ): Promise<PromptDecision> {
    if (!session) return { needs: 'login' };
    const isFresh = session.authenticatedAt.getTime() >= interaction.startedAt;
    const visit = { request, interaction, session, isFresh };
    if (this.isReauthenticationRequired(visit) || !(await this.isExpectedAccount(visit)))
      return { needs: 'login' };
    if (!hasChosenAccount(visit)) return { needs: 'select-account' };
    return (await this.hasConsented(visit)) ? { session } : { needs: 'consent' };
  }

  private isReauthenticationRequired({
    request: { prompt, maxAge },
    session,
    isFresh,
  }: PromptContext): boolean {
    if (isFresh) return false;
    if (prompt.has('login')) return true;
    // "If the elapsed time is greater than this value, the OP MUST attempt to actively re-authenticate"; 0 is prompt=login.
    const elapsed = this.clock.now() - session.authenticatedAt.getTime();
    return maxAge !== undefined && elapsed >= maxAge * 1000;
  }

  /** A hint that cannot be verified names nobody: then only a login that is made for this request will do. */
  private async isExpectedAccount({ request, session, isFresh }: PromptContext): Promise<boolean> {
    const { client } = request.destination;
    const hint = this.verifyIdTokenHint(request);
    if (!hint) return isFresh;
    const meant = [request.subject, hint.sub].filter((one) => one !== undefined);
    if (meant.length === 0) return true;
    const account = await this.accounts.find(session.accountId);
    if (account && meant.every((one) => one === computeSubject(account, client))) return true;
    if (isFresh) throw OAuthError.authorizationError('login_required');
    return false;
  }

  private verifyIdTokenHint({
    idTokenHint,
    destination: { client },
  }: AuthorizationRequest): { readonly sub?: string } | undefined {
    return idTokenHint === undefined ? {} : this.idTokens.verifyHint(idTokenHint, client);
  }

  private async hasConsented({ request, interaction, session }: PromptContext): Promise<boolean> {
    const { prompt, asked, destination } = request;
    const isAskedAnew = prompt.has('consent') || !hasTrustedRedirectUri(destination);
    if (isAskedAnew && interaction.consented !== session.accountId) return false;
    return this.consents.hasConsent(session.accountId, destination.client, asked);
  }
}

/**
 * Whether what arrives there arrives at this client. Any program of the machine can take a loopback address or a scheme, so who
 * asks from there may not be who was allowed to (RFC 8252 §8.6, RFC 6749 §10.2). Nobody consents to applications of our own.
 */
const hasTrustedRedirectUri = ({ client, redirectUri }: Destination): boolean =>
  !client.isPublic || client.firstParty || redirectUri.startsWith('https:');

/** A login is a choice as well. */
const hasChosenAccount = ({ request, interaction, session, isFresh }: PromptContext): boolean =>
  !request.prompt.has('select_account') || isFresh || interaction.chosen === session.accountId;
