/** The median of one field of the samples; NaN where they do not have it. */
export function median(samples, field) {
  return middle(sorted(samples.map((sample) => sample[field] ?? Number.NaN)));
}

/** The median of one field, its least and greatest value, and its quartiles. */
export function quartiles(samples, field) {
  return distribution(samples.map((sample) => sample[field]));
}

/** The round-by-round ratio of two servers' answers per second, or of another field, with its distribution. */
export function ratios(samples, others, field = 'perSecond') {
  if (!others) return undefined;
  return distribution(samples.map((sample, round) => sample[field] / others[round][field]));
}

/** Answers that were not as they must be, in all samples. */
export function failuresOf(samples) {
  return {
    failures: samples.reduce((sum, { failures }) => sum + failures, 0),
    firstFailure: samples.find(({ firstFailure }) => firstFailure)?.firstFailure,
  };
}

function distribution(values) {
  const each = sorted(values);
  const at = (share) => each[Math.round((each.length - 1) * share)];
  return { median: middle(each), least: at(0), lower: at(0.25), upper: at(0.75), greatest: at(1) };
}

function sorted(values) {
  return [...values].sort((a, b) => a - b);
}

function middle(values) {
  const half = values.length >> 1;
  return values.length % 2 ? values[half] : (values[half - 1] + values[half]) / 2;
}
