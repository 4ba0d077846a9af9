import { DatabaseUnavailable } from '@gatehouse/persistence';
import { ClientRefusal } from '../clients/client-operations.js';
import { KeyRefusal } from '../keys/key-life.js';
import { Misuse, Refusal } from './refusal.js';

/** Commander's errors have a code; it has printed them already. */
const commanderCode = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && String(error.code).startsWith('commander.')
    ? String(error.code)
    : undefined;

const HELP = new Set(['commander.helpDisplayed', 'commander.version']);

/** @returns 1 where the operation was refused or failed, 2 where the command makes no sense */
export function exitCodeOf(error: unknown): 0 | 1 | 2 {
  const code = commanderCode(error);
  if (code !== undefined) return HELP.has(code) ? 0 : 2;
  return error instanceof Misuse ? 2 : 1;
}

/** @returns what to tell the operator, where it has not been told */
export function explain(error: unknown): string | undefined {
  if (commanderCode(error) !== undefined) return undefined;
  if (!(error instanceof Error)) return String(error);
  return isSentence(error) ? error.message : (databaseFault(error) ?? error.stack);
}

const isSentence = (error: Error): boolean =>
  error instanceof Refusal ||
  error instanceof Misuse ||
  error instanceof KeyRefusal ||
  error instanceof ClientRefusal ||
  error.name === 'ConfigurationError';

const UNREACHABLE = 'the database cannot be reached: see DATABASE_URL';

/** The causes that an operator can mend, by what the two databases and the network call them. */
const FAULTS: readonly (readonly [RegExp, string])[] = [
  [
    /no such table|no such column|^42(P01|703)$/,
    'the database is not up to date: apply the migrations first (npm run db:migrate)',
  ],
  [/^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH)$/, UNREACHABLE],
  [/^SQLITE_CANTOPEN/, 'the database cannot be opened: see DATA_DIR'],
  [/^SQLITE_BUSY/, 'the database was busy for five seconds: try again'],
];

function databaseFault(error: Error): string | undefined {
  if (error instanceof DatabaseUnavailable) return UNREACHABLE;
  const code = codeOf(error) ?? ('driverError' in error ? codeOf(error.driverError) : undefined);
  return FAULTS.find(([pattern]) => pattern.test(error.message) || pattern.test(code ?? ''))?.[1];
}

const codeOf = (error: unknown): string | undefined =>
  typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : undefined;
