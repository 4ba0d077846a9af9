import { algorithm } from './cases/algorithm.js';
import { binding } from './cases/binding.js';
import { afterAll, control } from './cases/control.js';
import { credentials } from './cases/credentials.js';
import { dpop } from './cases/dpop.js';
import { edwards } from './cases/edwards.js';
import { header } from './cases/header.js';
import { issuerAndAudience } from './cases/issuer-and-audience.js';
import { json } from './cases/json.js';
import { key } from './cases/key.js';
import { keyIdentifier } from './cases/key-identifier.js';
import { place } from './cases/place.js';
import { publishedKey } from './cases/published-key.js';
import { scope } from './cases/scope.js';
import { secret } from './cases/secret.js';
import { serialization } from './cases/serialization.js';
import { signature } from './cases/signature.js';
import { status } from './cases/status.js';
import { subject } from './cases/subject.js';
import { time } from './cases/time.js';
import type { CorpusCase, Resource } from './support/corpus-case.js';

const corpus: readonly CorpusCase[] = [
  ...control,
  ...algorithm,
  ...secret,
  ...header,
  ...keyIdentifier,
  ...key,
  ...publishedKey,
  ...signature,
  ...edwards,
  ...serialization,
  ...json,
  ...issuerAndAudience,
  ...time,
  ...subject,
  ...binding,
  ...status,
  ...scope,
  ...credentials,
  ...place,
  ...dpop,
  ...afterAll,
];

/** The cases that apply to a resource, in the order in which to send them. */
export function corpusFor(resource: Resource): readonly CorpusCase[] {
  return corpus.filter(({ appliesTo }) => appliesTo?.(resource) ?? true);
}
