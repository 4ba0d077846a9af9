import { Clock } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';
import { AccountRepository } from '../../accounts/account.repository.js';
import type { BrowserSession } from '../../sessions/browser-session.entity.js';
import { ResourceServerService } from '../../clients/resource-server.service.js';
import { ConsentService } from '../../sessions/consent.service.js';
import { computeSubject, type IdTokenHint, IdTokenService } from '../../tokens/id-token.service.js';
import type { Interaction } from '../../pages/interaction.service.js';
import { OAuthError } from '../../platform/oauth-error.js';
import type { AuthorizationRequest, Destination } from './authorization-request.js';

/** What the user must do before the client gets a code. */
export type RequiredInteraction = 'login' | 'register' | 'select-account' | 'consent';
export type PromptDecision =
  | { readonly kind: 'interaction'; readonly required: RequiredInteraction }
  | {
      readonly kind: 'approved';
      readonly session: BrowserSession;
      /** The part of the requested scope that the account's roles allow. */
      readonly scope: readonly string[];
    };

interface PromptContext {
  readonly request: AuthorizationRequest;
  readonly interaction: Interaction;
  readonly session: BrowserSession;
  /** True if the user authenticated after the request arrived. */
  readonly isFresh: boolean;
}

/** Decides whether the user must log in, select an account or consent (OpenID Connect Core §3.1.2.3, §3.1.2.4). */
@Injectable()
export class PromptPolicy {
  constructor(
    private readonly consents: ConsentService,
    private readonly accounts: AccountRepository,
    private readonly idTokens: IdTokenService,
    private readonly clock: Clock,
    private readonly resourceServers: ResourceServerService,
  ) {}

  /**
   * @throws {OAuthError} `login_required` if the user logged in to another account than the client expects; `access_denied` if the
   * account's roles allow nothing of the scope
   */
  async requiredInteraction(
    request: AuthorizationRequest,
    interaction: Interaction,
    session: BrowserSession | undefined,
  ): Promise<PromptDecision> {
    if (!session) return requireInteraction(selectLogin(request));
    const isFresh = session.authenticatedAt.getTime() >= interaction.startedAt;
    const context = { request, interaction, session, isFresh };
    if (this.isReauthenticationRequired(context)) return requireInteraction(selectLogin(request));
    if (!(await this.isExpectedAccount(context))) return requireInteraction('login');
    if (!hasChosenAccount(context)) return requireInteraction('select-account');
    // The roles come before the consent, so a user is never asked for a scope that the account may not have.
    const scope = await this.resourceServers.limitToRoles(session.accountId, request.scope);
    if (scope.length === 0) throw OAuthError.roleRequired('access_denied', request.scope);
    if (!(await this.hasConsented(context))) return requireInteraction('consent');
    return { kind: 'approved', session, scope };
  }

  private isReauthenticationRequired({
    request: { prompt, maxAge },
    session,
    isFresh,
  }: PromptContext): boolean {
    if (isFresh) return false;
    if (prompt.has('login') || prompt.has('create')) return true;
    // "If the elapsed time is greater than this value, the OP MUST attempt to actively re-authenticate"; 0 is prompt=login.
    const elapsed = this.clock.now() - session.authenticatedAt.getTime();
    return maxAge !== undefined && elapsed >= maxAge * 1000;
  }

  /** A forged hint names no account. Then only a login after the arrival of the request is accepted. */
  private async isExpectedAccount({ request, session, isFresh }: PromptContext): Promise<boolean> {
    const { client } = request.destination;
    const hint = this.verifyIdTokenHint(request);
    if (hint.kind === 'forged') return isFresh;
    const hinted = hint.kind === 'valid' ? hint.claims.sub : undefined;
    const expected = [request.subject, hinted].filter((subject) => subject !== undefined);
    if (expected.length === 0) return true;
    const account = await this.accounts.find(session.accountId);
    if (account && expected.every((subject) => subject === computeSubject(account, client)))
      return true;
    if (isFresh) {
      const description = 'id_token_hint or claims names another user than the one who logged in.';
      throw OAuthError.authorizationError('login_required', { description, check: 'subject' });
    }
    return false;
  }

  private verifyIdTokenHint({
    idTokenHint,
    destination: { client },
  }: AuthorizationRequest): IdTokenHint {
    if (idTokenHint === undefined) return { kind: 'unverifiable' };
    return this.idTokens.verifyHint(idTokenHint, client);
  }

  private async hasConsented({ request, interaction, session }: PromptContext): Promise<boolean> {
    const { prompt, consentScope, destination } = request;
    const needsNewConsent = prompt.has('consent') || !hasTrustedRedirectUri(destination);
    if (needsNewConsent && interaction.consented !== session.accountId) return false;
    const scope = await this.resourceServers.limitToRoles(session.accountId, consentScope);
    return this.consents.hasConsent(session.accountId, destination.client, scope);
  }
}

/** A user who creates an account logs in to it afterwards. */
const selectLogin = ({ prompt }: AuthorizationRequest): RequiredInteraction =>
  prompt.has('create') ? 'register' : 'login';

const requireInteraction = (required: RequiredInteraction): PromptDecision => ({
  kind: 'interaction',
  required,
});

/**
 * Whether only this client can receive the response. Any program on the user's device can listen on a loopback address or
 * register a URI scheme, so an earlier consent may have been given to another program (RFC 8252 §8.6, RFC 6749 §10.2).
 * First-party clients need no consent.
 */
const hasTrustedRedirectUri = ({ client, redirectUri }: Destination): boolean =>
  !client.isPublic || client.firstParty || redirectUri.startsWith('https:');

/** A new login selects an account as well. */
const hasChosenAccount = ({ request, interaction, session, isFresh }: PromptContext): boolean =>
  !request.prompt.has('select_account') || isFresh || interaction.chosen === session.accountId;
