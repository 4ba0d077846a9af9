export { errorCode, isExpected, isSuccess } from './support/answer.js';
export { corpusFor } from './corpus.js';
export { CorpusIssuer } from './support/corpus-issuer.js';
export { Forge } from './support/forge.js';
export { isVulnerability, judge, runCorpus } from './run.js';
export { send } from './send.js';

export type { ExpectedAnswer, ReceivedAnswer } from './support/answer.js';
export type { CorpusCase, CorpusRequest, Resource } from './support/corpus-case.js';
export type { CorpusIssuerOptions } from './support/corpus-issuer.js';
export type { ForgeTarget } from './support/forge.js';
export type { CorpusResult, CorpusTarget, Verdict, Vulnerability } from './run.js';
