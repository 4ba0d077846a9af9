/** Peers without types, or whose types are not installed: `npm run typecheck` runs without `npm ci` in bench. */
declare module 'aws-jwt-verify';
declare module 'aws-jwt-verify/error';
declare module 'aws-jwt-verify/jwk';
declare module 'express-oauth2-jwt-bearer';
declare module 'fast-jwt';
declare module 'oidc-provider';
