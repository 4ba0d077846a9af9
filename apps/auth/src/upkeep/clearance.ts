/** What a step did. */
export interface Cleared {
  readonly removed: number;
  /** Whether the turn may go on with the next one: there is nothing more to be found now. */
  readonly isDone: boolean;
}

/** One kind of thing that nobody needs any more, and how it is removed a little at a time. */
export interface Clearance {
  readonly name: string;
  /**
   * Safe at any time, by any number of processes at once: whatever is needed stays.
   *
   * @param now milliseconds since the epoch
   */
  step(now: number): Promise<Cleared>;
}

/** Rows that nobody needs from some time on. All texts are constants of the program. */
export interface DeadRows {
  readonly table: string;
  /** Primary key: one column of text. */
  readonly key: string;
  /** A condition on the row alone; `$1` is {@link afterSeconds} ago, in milliseconds since the epoch. */
  readonly dead: string;
  readonly afterSeconds: number;
}

/** Rows that one statement removes, or looks at: few enough that a refresh does not notice. */
export const STEP_ROWS = 1_000;
