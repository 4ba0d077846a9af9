import type { Visitor } from './visitor.js';

/** By request. */
export const visitorsOf = new WeakMap<object, Visitor>();
