/** The corpus, from its sources. */
import './typescript.mjs';

export const { CorpusIssuer, errorCode, Forge, isSuccess, isVulnerability, runCorpus, send } =
  await import('../../libs/guards/testing/corpus/index.ts');
