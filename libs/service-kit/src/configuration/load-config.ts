import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { isNativeError } from 'node:util/types';
import type { z } from 'zod';
import { findProductionFault } from './production-rules.js';
import { readSettingMeta } from './setting-meta.js';

/** Lists every fault of the environment, so that an operator can correct all at once. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';

  /** @param faults sentences, each beginning with the setting's name; none contains the value of a secret */
  constructor(readonly faults: readonly string[]) {
    super(`The configuration cannot be used:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
  }
}

export type Environment = Readonly<Record<string, string | undefined>>;

interface EnvironmentReading {
  readonly values: Record<string, string>;
  /** The reason why a value could not be read, by setting name. */
  readonly faults: Map<string, string>;
}

/**
 * Reads each setting from X, or from the file that X_FILE names (Docker and Kubernetes secrets). Blanks and line ends around a
 * value do not count, because editors, shells and secret stores add them. An empty value is unset.
 */
export function readEnvironment(names: readonly string[], env: Environment): EnvironmentReading {
  const reading: EnvironmentReading = { values: {}, faults: new Map() };
  for (const name of names) {
    const direct = readVariable(env, name);
    const file = readVariable(env, `${name}_FILE`);
    if (direct !== undefined && file !== undefined) {
      reading.faults.set(name, `is given twice; set ${name} or ${name}_FILE, not both`);
    } else if (file !== undefined) {
      readSettingFile(reading, name, file);
    } else if (direct !== undefined) {
      reading.values[name] = direct;
    }
  }
  return reading;
}

const readVariable = (env: Environment, name: string): string | undefined =>
  env[name]?.trim() || undefined;

function readSettingFile({ values, faults }: EnvironmentReading, name: string, file: string): void {
  try {
    const value = decodeText(readFileSync(file)).trim();
    if (value !== '') values[name] = value;
  } catch (error) {
    const reason = isNativeError(error) && 'code' in error ? ` (${String(error.code)})` : '';
    faults.set(name, `cannot be read: ${name}_FILE names ${JSON.stringify(file)}${reason}`);
  }
}

/** Windows tools write UTF-16. Its bytes would become a value that no other party has. */
function decodeText(bytes: Buffer): string {
  if (bytes.includes(0) || !isUtf8(bytes)) {
    throw Object.assign(new Error(), { code: 'no text in UTF-8' });
  }
  return bytes.toString('utf8');
}

/**
 * Reads a service's settings from the environment. X_FILE may name a file that holds the value of X.
 *
 * @returns the parsed settings under the variables' own names, frozen all the way down
 * @throws {ConfigurationError} with every fault at once
 */
export function loadConfig<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
  env: Environment = process.env,
): Readonly<z.output<z.ZodObject<Shape>>> {
  const { values, faults } = readEnvironment(Object.keys(schema.shape), env);
  const parsed = schema.safeParse(values);
  const all = keepFirstFaultPerSetting([
    ...faults,
    ...(values['NODE_ENV'] === 'production' ? findAllProductionFaults(schema, values) : []),
    ...findSchemaFaults(schema, values, collectIssues(schema, values)),
  ]);
  if (parsed.success && all.size === 0) return deepFreeze(parsed.data);
  throw new ConfigurationError([...all].map(([name, fault]) => `${name}: ${fault}`));
}

/** A URL with a password can be given to any setting. */
const hidePasswords = (fault: string): string => fault.replace(/\/\/[^/\s"]*:[^/\s"]*@/g, '//…@');

/** zod checks the rules of the whole schema only when each setting is valid. A second run checks them for the valid settings. */
function collectIssues(schema: z.ZodObject, values: Values): z.core.$ZodIssue[] {
  const issues = schema.safeParse(values).error?.issues ?? [];
  const broken = new Set(issues.map(({ path }) => path[0]));
  const sound = Object.fromEntries(Object.entries(values).filter(([name]) => !broken.has(name)));
  const others = schema.safeParse(sound).error?.issues ?? [];
  return [...issues, ...others.filter(({ path }) => !broken.has(path[0]))];
}

type Values = Readonly<Record<string, string>>;
type Faults = Iterable<readonly [name: string, fault: string]>;

function* findAllProductionFaults(schema: z.ZodObject, values: Values): Faults {
  for (const [name, setting] of Object.entries(schema.shape)) {
    const fault = findProductionFault(setting, values[name]);
    if (fault !== undefined) yield [name, fault];
  }
}

function* findSchemaFaults(
  schema: z.ZodObject,
  values: Values,
  issues: z.core.$ZodIssue[],
): Faults {
  for (const issue of issues) {
    const name = String(issue.path[0] ?? 'The settings together');
    yield [name, describeIssue(issue, values[name], isSecret(schema.shape[name]))];
  }
}

function describeIssue(
  issue: z.core.$ZodIssue,
  value: string | undefined,
  secret: boolean,
): string {
  const { code, message } = issue;
  // A rule of the whole schema can reject a default, so a value that was not given.
  if (value === undefined) return code === 'custom' ? message : 'must be given';
  // The message of a rule for a list names the entry that is wrong.
  const namesValue = code === 'custom' && issue.params?.['namesValue'] === true;
  if (secret) return message;
  return hidePasswords(namesValue ? message : `${message}, not ${JSON.stringify(value)}`);
}

function isSecret(setting: z.core.$ZodType | undefined): boolean {
  return setting !== undefined && readSettingMeta(setting).secret;
}

function keepFirstFaultPerSetting(faults: Faults): Map<string, string> {
  const first = new Map<string, string>();
  for (const [name, fault] of faults) if (!first.has(name)) first.set(name, fault);
  return first;
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.values(value).forEach(deepFreeze);
  return Object.freeze(value);
}
