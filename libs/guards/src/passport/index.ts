export { AccessTokenStrategy } from './access-token.strategy.js';
export type {
  AccessTokenStrategyOptions,
  VerifiedCallback,
  VerifyCallback,
} from './access-token.strategy.js';
