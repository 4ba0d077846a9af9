/**
 * How sure it is that somebody is who they say (OpenID Connect Core §2, `acr`): one factor, as level 1 of ISO/IEC 29115. There is
 * no other way to log in.
 */
export const ACR = '1';
