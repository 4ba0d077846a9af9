import { DatabaseUnavailable } from '@gatehouse/persistence';
import { ConfigurationError } from '@gatehouse/service-kit';
import { PasswordNotChanged } from '../accounts/account-operations.js';
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

const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
]);

/** The causes that an operator can mend. */
function databaseFault(error: Error): string | undefined {
  const code = codeOf(error) ?? ('driverError' in error ? codeOf(error.driverError) : undefined);
  if (/no such table|no such column/.test(error.message) || code === '42P01' || code === '42703') {
    return 'the database is not up to date: apply the migrations first (npm run db:migrate)';
  }
  if (error instanceof DatabaseUnavailable || UNREACHABLE.has(code ?? '')) {
    return 'the database cannot be reached: see DATABASE_URL';
  }
  if (code?.startsWith('SQLITE_CANTOPEN')) return 'the database cannot be opened: see DATA_DIR';
  if (code?.startsWith('SQLITE_BUSY')) return 'the database was busy for five seconds: try again';
  return undefined;
}

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error ? String(error.code) : undefined;
