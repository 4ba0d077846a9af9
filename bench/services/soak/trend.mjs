/** How many stretches a run is cut into; each has a low point, where little garbage was left. */
const STRETCHES = 16;

/** @param {Array<{ x: number, y: number }>} points in the order of `x` */
export function lowPoints(points) {
  const size = Math.max(1, Math.floor(points.length / STRETCHES));
  const lows = [];
  for (let from = 0; from + size <= points.length; from += size) {
    lows.push(points.slice(from, from + size).reduce((low, each) => (each.y < low.y ? each : low)));
  }
  return lows;
}

/** The line of least squares: its slope with the standard error of that, and its height at both ends. */
export function trendOf(points) {
  const count = points.length;
  if (count < 3) throw new Error('a line needs three points: let it run longer');
  const mean = (field) => points.reduce((sum, point) => sum + point[field], 0) / count;
  const [meanX, meanY] = [mean('x'), mean('y')];
  const sumOf = (term) => points.reduce((sum, point) => sum + term(point), 0);
  const spread = sumOf(({ x }) => (x - meanX) ** 2);
  const slope = sumOf(({ x, y }) => (x - meanX) * (y - meanY)) / spread;
  const height = (x) => meanY + slope * (x - meanX);
  const rest = sumOf(({ x, y }) => (y - height(x)) ** 2);
  const error = Math.sqrt(rest / (count - 2) / spread);
  return { slope, error, start: height(points[0].x), end: height(points.at(-1).x) };
}
