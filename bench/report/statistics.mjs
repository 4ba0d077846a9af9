/** @typedef {import('../types.js').Aim} Aim */
/** @typedef {Record<string, any>} Sample one measurement: numbers by name */
/** @typedef {{ median: number, least: number, lower: number, upper: number, greatest: number }} Distribution */

/** The median of one field of the samples; NaN when they do not have it. @param {Sample[]} samples @param {string} field */
export function median(samples, field) {
  return middle(sorted(samples.map((sample) => sample[field] ?? Number.NaN)));
}

/** The median of one field, its minimum and maximum, and its quartiles. @param {Sample[]} samples @param {string} field */
export function quartiles(samples, field) {
  return distribution(samples.map((sample) => sample[field]));
}

/**
 * The ratio of the answers per second of two servers, or of another field, round by round, with its distribution.
 *
 * @param {Sample[]} samples
 * @param {Sample[]} others
 * @param {string} [field]
 */
export function ratios(samples, others, field = 'perSecond') {
  return distribution(samples.map((sample, round) => sample[field] / others[round][field]));
}

/**
 * The first item that meets a condition.
 *
 * @template T
 * @param {T[]} items
 * @param {(item: T) => boolean} condition
 * @throws when there is none
 */
export function find(items, condition) {
  const found = items.find(condition);
  if (found === undefined) throw new Error('nothing was measured to compare with');
  return found;
}

/** The failed answers in all samples. @param {Sample[]} samples */
export function failuresOf(samples) {
  return {
    failures: samples.reduce((sum, { failures }) => sum + failures, 0),
    firstFailure: samples.find(({ firstFailure }) => firstFailure)?.firstFailure,
  };
}

/** @param {number[]} values @returns {Distribution} */
function distribution(values) {
  const each = sorted(values);
  /** @param {number} share */
  const at = (share) => each[Math.round((each.length - 1) * share)];
  return { median: middle(each), least: at(0), lower: at(0.25), upper: at(0.75), greatest: at(1) };
}

/** @param {number[]} values */
function sorted(values) {
  return [...values].sort((a, b) => a - b);
}

/** @param {number[]} values */
function middle(values) {
  const half = values.length >> 1;
  return values.length % 2 ? values[half] : (values[half - 1] + values[half]) / 2;
}

/**
 * An aim and whether a measured value met it, in the words of a table: `≥ 2 met`.
 *
 * @param {number} bound
 * @param {number} value
 * @param {any} [unit]
 */
export function atLeast(bound, value, unit = '') {
  return aim(`≥ ${bound}${unit}`, value, value >= bound);
}

/**
 * @param {number} bound
 * @param {number} value
 * @param {any} [unit]
 */
export function atMost(bound, value, unit = '') {
  return aim(`≤ ${bound}${unit}`, value, value <= bound);
}

/**
 * @param {string} words
 * @param {number} value
 * @param {any} met
 */
function aim(words, value, met) {
  return { words: `${words} ${met ? 'met' : 'MISSED'}`, value, met };
}

/** @param {Aim[]} aims */
export function words(aims) {
  return aims.map((each) => each.words).join(', ');
}
