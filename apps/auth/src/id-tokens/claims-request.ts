import { z } from 'zod';
import type { RequestedClaims } from '../accounts/standard-claims.js';

/** The `claims` parameter (OpenID Connect Core §5.5): what is asked for one by one, and where it is to be told. */
export interface ClaimsRequest {
  readonly userinfo: RequestedClaims;
  readonly id_token: RequestedClaims;
}

const requestedClaims = z.record(z.string(), z.unknown()).default({});
export const claimsRequest = z.object({ userinfo: requestedClaims, id_token: requestedClaims });

export const NO_CLAIMS: ClaimsRequest = { userinfo: {}, id_token: {} };

/** @param stored what a family or a code keeps: JSON that this server wrote */
export const storedClaimsRequest = (stored: string | null): ClaimsRequest =>
  stored === null ? NO_CLAIMS : claimsRequest.parse(JSON.parse(stored));
