export { explainToken } from './explain-token.js';

export type { Explanation } from './explain-token.js';
export type { Finding } from './rule.js';
