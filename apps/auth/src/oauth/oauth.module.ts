import { ProofVerifier } from '@gatehouse/guards/dpop';
import { Module } from '@nestjs/common';
import { AccountsModule } from '../accounts/accounts.module.js';
import { ClientsModule } from '../clients/clients.module.js';
import { CrossOriginHook } from '../clients/cross-origin.hook.js';
import { PagesModule } from '../pages/pages.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import {
  AuthorizationCodeExchange,
  AuthorizationCodeService,
} from './authorize/authorization-code.service.js';
import {
  AuthorizationRequestParser,
  RedirectUriValidator,
} from './authorize/authorization-request-parser.js';
import { AuthorizationService } from './authorize/authorization.service.js';
import { AuthorizeController } from './authorize/authorize.controller.js';
import { PromptPolicy } from './authorize/prompt-policy.js';
import { DiscoveryController } from './discovery.controller.js';
import { IntrospectionService } from './introspection.service.js';
import { IntrospectionController, RevocationController } from './issued-token.controller.js';
import { LogoutRequestService } from './logout-request.service.js';
import { LogoutController } from './logout.controller.js';
import { RevocationService } from './revocation.service.js';
import { StatusListsController } from './status-lists.controller.js';
import { AuthorizationCodeGrant } from './token/authorization-code.grant.js';
import { ClientCredentialsGrant } from './token/client-credentials.grant.js';
import { DpopProofGuard } from './token/dpop-proof.guard.js';
import { RefreshTokenGrant } from './token/refresh-token.grant.js';
import { SessionTokenService } from './token/session-token.service.js';
import { TokenExchangeGrant } from './token/token-exchange.grant.js';
import { TokenController } from './token/token.controller.js';
import { UserInfoController } from './user-info.controller.js';
import { UserInfoService } from './user-info.service.js';

/** The endpoints that clients call. The order of the controllers is the order of the paths in openapi.json. */
@Module({
  imports: [AccountsModule, ClientsModule, PagesModule, SessionsModule, TokensModule],
  controllers: [
    AuthorizeController,
    TokenController,
    RevocationController,
    IntrospectionController,
    UserInfoController,
    LogoutController,
    StatusListsController,
    DiscoveryController,
  ],
  providers: [
    CrossOriginHook,
    AuthorizationCodeExchange,
    AuthorizationCodeGrant,
    AuthorizationCodeService,
    AuthorizationRequestParser,
    AuthorizationService,
    ClientCredentialsGrant,
    DpopProofGuard,
    IntrospectionService,
    LogoutRequestService,
    PromptPolicy,
    ProofVerifier,
    RedirectUriValidator,
    RefreshTokenGrant,
    RevocationService,
    SessionTokenService,
    TokenExchangeGrant,
    UserInfoService,
  ],
  exports: [RefreshTokenGrant],
})
export class OAuthModule {}
