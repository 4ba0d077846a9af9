export { errorCode, isExpected, isSuccess } from './answer.js';
export { corpusFor } from './corpus.js';
export { CorpusIssuer } from './corpus-issuer.js';
export { Forge } from './forge.js';
export { isVulnerability, judge, runCorpus } from './run.js';
export { send } from './send.js';

export type { ExpectedAnswer, ReceivedAnswer } from './answer.js';
export type { CorpusCase, CorpusRequest, Resource } from './corpus-case.js';
export type { CorpusIssuerOptions } from './corpus-issuer.js';
export type { ForgeTarget } from './forge.js';
export type { CorpusResult, CorpusTarget, Verdict, Vulnerability } from './run.js';
