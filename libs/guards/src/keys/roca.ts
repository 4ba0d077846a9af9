/** Odd primes to which not every number is a power of 65537. The flawed generator worked with each, for every key size. */
const PRIMES = [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157];

const POWERS = PRIMES.map((prime) => [BigInt(prime), powersModulo(prime)] as const);

/**
 * Whether an RSA modulus has the mark of a generator whose keys can be factored (ROCA, CVE-2017-15361): to each of
 * these primes it is a power of 65537. So is one sound key in two hundred million.
 */
export function isFactorable(modulus: bigint): boolean {
  return POWERS.every(([prime, powers]) => powers.has(Number(modulus % prime)));
}

function powersModulo(prime: number): ReadonlySet<number> {
  const powers = new Set<number>();
  for (let power = 1; !powers.has(power); power = (power * 65_537) % prime) powers.add(power);
  return powers;
}
