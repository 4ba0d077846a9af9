import { awsJwtVerify } from './contenders/aws-jwt-verify.mjs';
import { fastJwt, fastJwtWithCache } from './contenders/fast-jwt.mjs';
import { gatehouse, gatehouseWithoutCache } from './contenders/gatehouse.mjs';
import { joseLocal, joseRemote } from './contenders/jose.mjs';
import { raw } from './contenders/raw.mjs';
import { stock } from './contenders/stock.mjs';

/**
 * Who verifies. `open(issuers)` resolves with what is called for each request, with the value of its `Authorization`
 * header: it throws, or rejects, when the token is not good.
 */
export const CONTENDERS = [
  { name: 'raw crypto.verify (limit)', open: raw, checksClaims: false },
  { name: 'gatehouse', open: gatehouse },
  { name: 'gatehouse, cache off', open: gatehouseWithoutCache },
  { name: 'passport-jwt + jwks-rsa (stock)', open: stock },
  { name: 'jose, remote key set', open: joseRemote },
  { name: 'jose, local key set', open: joseLocal },
  { name: 'fast-jwt', open: fastJwt },
  { name: 'fast-jwt, cache on', open: fastJwtWithCache },
  { name: 'aws-jwt-verify', open: awsJwtVerify },
];

export const RAW = CONTENDERS[0].name;
export const OURS = CONTENDERS[1].name;
export const UNCACHED = CONTENDERS[2].name;
export const STOCK = CONTENDERS[3].name;
