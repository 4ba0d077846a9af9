/** The hostile corpus, from its TypeScript sources: Node compiles them on import, so that nothing has to be built before. */
import { register } from 'node:module';

register('./typescript-hooks.mjs', import.meta.url);

const entry = new URL('../../libs/guards/testing/corpus/index.ts', import.meta.url).href;
/** @type {typeof import('../../libs/guards/testing/corpus/index.js')} */
const corpus = await import(entry);

export const { CorpusIssuer, errorCode, Forge, isSuccess, isVulnerability, runCorpus, send } =
  corpus;

/** @typedef {import('../../libs/guards/testing/corpus/index.js').CorpusIssuer} Issuer */
/** @typedef {import('../../libs/guards/testing/corpus/index.js').CorpusResult} CorpusResult */
/** @typedef {import('../../libs/guards/testing/corpus/index.js').ExpectedAnswer} ExpectedAnswer */
/** @typedef {import('../../libs/guards/testing/corpus/index.js').ReceivedAnswer} ReceivedAnswer */
