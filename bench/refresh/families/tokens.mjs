const auth = (path) => new URL(`../../../apps/auth/dist/${path}`, import.meta.url).href;

/**
 * The refresh tokens in force of families that nobody logged in to: written by the product's own code under the
 * server's secret.
 * @param {string} serverSecret
 * @param {Array<{ familyId: string, generation: number }>} families
 */
export async function tokensOf(serverSecret, families) {
  const { ServerSecrets } = await import(auth('keys/server-secrets.js'));
  const { RefreshTokenFormat } = await import(auth('refresh-tokens/refresh-token.js'));
  const format = new RefreshTokenFormat(new ServerSecrets([serverSecret]));
  return families.map((family) => format.write(family));
}
