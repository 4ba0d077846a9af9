import { Option, SubCommand } from 'nest-commander';
import { AccountOperations } from '../accounts/account-operations.js';
import { storedClaims } from '../accounts/standard-claims.js';
import { accountOf } from './account-of.js';
import { fromJsonFile } from './json-file.js';
import { type ChangeOptions, Operator } from './operator.js';
import { ChangingCommand } from './ops-command.js';

interface ClaimsOptions extends ChangeOptions {
  readonly jsonFile: string;
}

@SubCommand({
  name: 'set-claims',
  arguments: '<email-or-id>',
  description: 'what clients are told of a person, in place of all that they were told before',
})
export class SetAccountClaims extends ChangingCommand {
  constructor(private readonly operator: Operator) {
    super();
  }

  async run([name = '']: string[], options: ClaimsOptions): Promise<void> {
    const claims = await fromJsonFile(options.jsonFile, storedClaims);
    await this.operator.change(options, async (server) => {
      const { id, email } = await accountOf(server, name);
      await server.get(AccountOperations).setClaims(id, claims, 'operator');
      return {
        value: { accountId: id, email, claims: Object.keys(claims) },
        text: `Of the account ${email} clients are told: ${Object.keys(claims).join(', ') || 'nothing'}.`,
      };
    });
  }

  @Option({
    flags: '--json-file <file>',
    description: 'standard claims of OpenID Connect Core §5.1, as one JSON object',
    required: true,
  })
  jsonFile(file: string): string {
    return file;
  }
}
