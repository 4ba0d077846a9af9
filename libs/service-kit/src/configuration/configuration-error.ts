/** Every fault of the environment in one error, so that one look at it is enough to mend them all. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';

  /** @param faults sentences, each beginning with the setting's name; none contains the value of a secret */
  constructor(readonly faults: readonly string[]) {
    super(`The configuration cannot be used:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
  }
}
