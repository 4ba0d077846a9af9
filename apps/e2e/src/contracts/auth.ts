/** Written by npm run docs:build from apps/auth/openapi.json. */
export interface paths {
  '/.well-known/jwks.json': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** The public keys that tokens are verified with (RFC 7517 §5) */
    get: operations['KeySetController_keySet'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/auth/register': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Creates an account, and mails a code. The answer is the same if the address has an account */
    post: operations['RegistrationController_register'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/auth/email/verify': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Confirms the e-mail of a registration by the code of the mail */
    post: operations['EmailVerificationController_verify'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/auth/login': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Creates a session with e-mail address and password */
    post: operations['LoginController_login'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/auth/refresh': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Exchanges the refresh token of the body or cookie for the next token pair */
    post: operations['RefreshController_refresh'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/auth/logout': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Ends the session of the refresh token of the body or cookie */
    post: operations['RefreshController_logout'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/auth/sessions': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Lists your sessions, newest first */
    get: operations['SessionsController_list'];
    put?: never;
    post?: never;
    /** Ends all your other sessions */
    delete: operations['SessionsController_endOthers'];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/auth/sessions/{id}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    post?: never;
    /** Ends one of your sessions. It may be the session of this token */
    delete: operations['SessionsController_end'];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/auth/password': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Changes your password, and ends all your other sessions */
    post: operations['AccountController_changePassword'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/auth/email': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Requests another e-mail address. The new address receives a code */
    post: operations['AccountController_changeEmail'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/auth/email/confirm': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Changes your e-mail address, and ends all your other sessions */
    post: operations['AccountController_confirmEmail'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/auth/account': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    post?: never;
    /** Deletes your account (login of the last five minutes only) */
    delete: operations['AccountController_delete'];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/auth/password/forgotten': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Mails a link. The answer is the same if the address has no account */
    post: operations['PasswordRecoveryController_request'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/auth/password/reset': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Sets a new password by the link of the mail, and logs you out */
    post: operations['PasswordRecoveryController_reset'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/oauth/token': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Exchanges a grant for an access token (RFC 6749 §3.2) */
    post: operations['TokenController_token'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/oauth/revoke': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Ends the session of a refresh or access token (RFC 7009) */
    post: operations['RevocationController_revoke'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/oauth/introspect': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Returns the state of an access token (RFC 7662) */
    post: operations['IntrospectionController_introspect'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/userinfo': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Returns the claims about the user of the access token */
    get: operations['UserInfoController_tell'];
    put?: never;
    /** The same (OpenID Connect Core §5.3.1) */
    post: operations['UserInfoController_tellByPost'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/oauth/status-lists': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** The addresses of all status lists (Token Status List §9) */
    get: operations['StatusListsController_all'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/oauth/status-lists/{list}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** A status list: one bit for each session, 1 if it was revoked (Token Status List §8.1) */
    get: operations['StatusListsController_one'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/.well-known/openid-configuration': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** The metadata of this server (OpenID Connect Discovery §4) */
    get: operations['DiscoveryController_describeProvider'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/.well-known/oauth-authorization-server': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** The same (RFC 8414 §3) */
    get: operations['DiscoveryController_describe'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/.well-known/oauth-authorization-server/{path}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** The same, of an issuer with a path (RFC 8414 §3.1) */
    get: operations['DiscoveryController_describeAtPath'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
}
export type webhooks = Record<string, never>;
export interface components {
  schemas: {
    Actor: {
      sub: string;
      act?: components['schemas']['Actor'];
    };
  };
  responses: never;
  parameters: never;
  requestBodies: never;
  headers: never;
  pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
  KeySetController_keySet: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
    };
  };
  RegistrationController_register: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          /** Format: email */
          email: string;
          password: string;
          /** @description The code of an invitation, if registration requires one */
          invitation?: string;
        };
      };
    };
    responses: {
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            email: string;
            /** @description Confirms the e-mail together with the code of the mail */
            verification: string;
          };
        };
      };
    };
  };
  EmailVerificationController_verify: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          /** @description From the answer of the registration */
          verification: string;
          /** @description The 8 digits of the mail */
          code: string;
        };
      };
    };
    responses: {
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description The code is wrong, was used, or has expired */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
    };
  };
  LoginController_login: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          /** Format: email */
          email: string;
          password: string;
          /** @description A part of the scopes of the first-party client. Default: all of them */
          scope?: string;
          /** @description The resource servers that the session may get tokens for. Default: all of them */
          resource?: string | string[];
          /**
           * @description For browsers: the refresh token comes in an HttpOnly cookie, not in the body
           * @default false
           */
          cookie?: boolean;
        };
      };
    };
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            /** @description A JWT by RFC 9068 */
            access_token: string;
            /**
             * @description `DPoP` if the token is bound to a key (RFC 9449 §5)
             * @enum {string}
             */
            token_type: 'Bearer' | 'DPoP';
            /** @description Seconds */
            expires_in: number;
            scope: string;
            /** @description Of a token exchange only (RFC 8693 §2.2.1) */
            issued_token_type?: string;
            /** @description If the scope contains `openid` (OpenID Connect Core §2) */
            id_token?: string;
            /** @description Absent for services, and if it comes in a cookie */
            refresh_token?: string;
          };
        };
      };
    };
  };
  RefreshController_refresh: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          refresh_token?: string;
          scope?: string;
          resource?: string;
        };
      };
    };
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            /** @description A JWT by RFC 9068 */
            access_token: string;
            /**
             * @description `DPoP` if the token is bound to a key (RFC 9449 §5)
             * @enum {string}
             */
            token_type: 'Bearer' | 'DPoP';
            /** @description Seconds */
            expires_in: number;
            scope: string;
            /** @description Of a token exchange only (RFC 8693 §2.2.1) */
            issued_token_type?: string;
            /** @description If the scope contains `openid` (OpenID Connect Core §2) */
            id_token?: string;
            /** @description Absent for services, and if it comes in a cookie */
            refresh_token?: string;
          };
        };
      };
    };
  };
  RefreshController_logout: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          refresh_token?: string;
        };
      };
    };
    responses: {
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
    };
  };
  SessionsController_list: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            sessions: {
              /** @description The `sid` of its access tokens */
              id: string;
              client_id: string;
              /** @description The `User-Agent` of the login */
              user_agent: string | null;
              /** @description The network that the login came from: /24 or /48 */
              origin: string | null;
              /** Format: date-time */
              created_at: string;
              /** Format: date-time */
              last_used_at: string;
              /**
               * Format: date-time
               * @description The end of the session unless it is used before
               */
              ends_at: string;
              /** @description Whether the access token of this call is of this session */
              current: boolean;
            }[];
          };
        };
      };
    };
  };
  SessionsController_endOthers: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            /** @description How many sessions ended */
            ended: number;
          };
        };
      };
    };
  };
  SessionsController_end: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description There is no such session, or it is not yours */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
    };
  };
  AccountController_changePassword: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          current_password: string;
          new_password: string;
        };
      };
    };
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            /** @description How many sessions ended */
            ended: number;
          };
        };
      };
      /** @description The current password is wrong, or the new one breaks a rule */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
    };
  };
  AccountController_changeEmail: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          current_password: string;
          /** Format: email */
          new_email: string;
        };
      };
    };
    responses: {
      202: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            /** @description Confirms the new address together with the code of the mail */
            verification: string;
          };
        };
      };
      /** @description The current password is wrong, or the address is yours */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
    };
  };
  AccountController_confirmEmail: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          /** @description From the answer of the request */
          verification: string;
          /** @description The 8 digits of the mail */
          code: string;
        };
      };
    };
    responses: {
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description The code is wrong, was used, or has expired */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
    };
  };
  AccountController_delete: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description The token is not valid, or the login is older than five minutes */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
    };
  };
  PasswordRecoveryController_request: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          /** Format: email */
          email: string;
        };
      };
    };
    responses: {
      /** @description If the e-mail has an account, a mail follows */
      202: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
    };
  };
  PasswordRecoveryController_reset: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          /** @description The parameter `token` of the link in the mail */
          token: string;
          new_password: string;
        };
      };
    };
    responses: {
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description The token is wrong, was used or has expired */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
    };
  };
  TokenController_token: {
    parameters: {
      query?: never;
      header?: {
        /** @description A proof of the key to which the tokens will be bound (RFC 9449 §5) */
        DPoP?: string;
      };
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/x-www-form-urlencoded': {
          /** @description `authorization_code`, `refresh_token`, `client_credentials`, `urn:ietf:params:oauth:grant-type:token-exchange` */
          grant_type: string;
          code?: string;
          /** @description As in the authorization request */
          redirect_uri?: string;
          /** @description RFC 7636 §4.1 */
          code_verifier?: string;
          refresh_token?: string;
          /** @description A part of the granted scope. Default: all of it */
          scope?: string;
          /** @description The resource server that the access token is for (RFC 8707) */
          resource?: string;
          /** @description The RFC 8693 name of `resource` */
          audience?: string;
          /** @description The access token to exchange */
          subject_token?: string;
          subject_token_type?: string;
          requested_token_type?: string;
          /** @description Refused: the client itself is the actor */
          actor_token?: string;
          actor_token_type?: string;
          client_id?: string;
          client_secret?: string;
          client_assertion_type?: string;
          /** @description A JWT (RFC 7523) */
          client_assertion?: string;
        };
      };
    };
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            /** @description A JWT by RFC 9068 */
            access_token: string;
            /**
             * @description `DPoP` if the token is bound to a key (RFC 9449 §5)
             * @enum {string}
             */
            token_type: 'Bearer' | 'DPoP';
            /** @description Seconds */
            expires_in: number;
            scope: string;
            /** @description Of a token exchange only (RFC 8693 §2.2.1) */
            issued_token_type?: string;
            /** @description If the scope contains `openid` (OpenID Connect Core §2) */
            id_token?: string;
            /** @description Absent for services, and if it comes in a cookie */
            refresh_token?: string;
          };
        };
      };
    };
  };
  RevocationController_revoke: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/x-www-form-urlencoded': {
          token: string;
          /** @description Ignored */
          token_type_hint?: string;
          client_id?: string;
          client_secret?: string;
          client_assertion_type?: string;
          /** @description A JWT (RFC 7523) */
          client_assertion?: string;
        };
      };
    };
    responses: {
      /** @description The token is not valid any more, or was never valid */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
    };
  };
  IntrospectionController_introspect: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/x-www-form-urlencoded': {
          token: string;
          /** @description Ignored */
          token_type_hint?: string;
          client_id?: string;
          client_secret?: string;
          client_assertion_type?: string;
          /** @description A JWT (RFC 7523) */
          client_assertion?: string;
        };
      };
    };
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json':
            | {
                /** @enum {boolean} */
                active: false;
              }
            | {
                /** @enum {boolean} */
                active: true;
                /** @enum {string} */
                token_type: 'Bearer' | 'DPoP';
                iss: string;
                sub: string;
                aud: string | string[];
                client_id: string;
                scope: string;
                iat: number;
                exp: number;
                jti: string;
                sid?: string;
                auth_time?: number;
                act?: components['schemas']['Actor'];
                cnf?: {
                  jkt?: string;
                };
                roles?: string[];
                groups?: string[];
              };
        };
      };
    };
  };
  UserInfoController_tell: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            /** @description The same as in the ID token */
            sub: string;
          } & {
            [key: string]: unknown;
          };
        };
      };
    };
  };
  UserInfoController_tellByPost: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            /** @description The same as in the ID token */
            sub: string;
          } & {
            [key: string]: unknown;
          };
        };
      };
    };
  };
  StatusListsController_all: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
    };
  };
  StatusListsController_one: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        list: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
    };
  };
  DiscoveryController_describeProvider: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
    };
  };
  DiscoveryController_describe: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
    };
  };
  DiscoveryController_describeAtPath: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        '*': string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
    };
  };
}
