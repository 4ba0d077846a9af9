/** An authorization request that waits for a person: to log in, to choose, to consent. */
export interface Interaction {
  /** The parameters of the request, as they came; they are validated again when it goes on. Several `resource` are apart by spaces. */
  readonly parameters: Readonly<Record<string, string>>;
  /** The scopes that the person is asked for: those of the request, and those that the claims asked for one by one are part of. */
  readonly asked: readonly string[];
  /** When the request arrived, in epoch milliseconds: who authenticated since has done so for it. */
  readonly startedAt: number;
  /** The account that was chosen since, where a choice was asked for. */
  readonly chosen?: string;
  /** The account that consented since, where consent was asked for. */
  readonly consented?: string;
  /** Whether the person refused: the client is told `access_denied`. */
  readonly denied?: true;
}
