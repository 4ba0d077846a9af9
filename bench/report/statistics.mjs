/** The median of one field of the samples. */
export function median(samples, field) {
  return middle(samples.map((sample) => sample[field]));
}

/** The round-by-round ratio of two servers' answers per second: its median, least and greatest. */
export function ratios(samples, others) {
  if (!others) return undefined;
  const each = samples.map(({ perSecond }, round) => perSecond / others[round].perSecond);
  return { median: middle(each), least: Math.min(...each), greatest: Math.max(...each) };
}

function middle(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}
