/** Preloaded into a process, it sets that process's clock 20 seconds ahead: a machine without time synchronisation. */
const AHEAD_MS = 20_000;
const Right = Date;

globalThis.Date = class Date extends Right {
  constructor(...parts) {
    if (parts.length === 0) super(Right.now() + AHEAD_MS);
    else super(...parts);
  }
  static now() {
    return Right.now() + AHEAD_MS;
  }
};
