/** An aim and whether a measured value met it, in the words of a table: `≥ 2 met`. */
export function atLeast(bound, value, unit = '') {
  return aim(`≥ ${bound}${unit}`, value, value >= bound);
}

export function atMost(bound, value, unit = '') {
  return aim(`≤ ${bound}${unit}`, value, value <= bound);
}

function aim(words, value, met) {
  return { words: `${words} ${met ? 'met' : 'MISSED'}`, value, met };
}

export function words(aims) {
  return aims.map((each) => each.words).join(', ');
}
