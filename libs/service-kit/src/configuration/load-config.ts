import { type z } from 'zod';
import { ConfigurationError } from './configuration-error.js';
import { productionFault } from './production-rules.js';
import { type Environment, readEnvironment } from './read-environment.js';
import { settingMeta } from './setting-meta.js';

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
  const all = firstOfEach([
    ...faults,
    ...(env['NODE_ENV'] === 'production' ? productionFaults(schema, values) : []),
    ...schemaFaults(schema, values, issuesOf(schema, values)),
  ]);
  if (parsed.success && all.size === 0) return deepFreeze(parsed.data);
  throw new ConfigurationError([...all].map(([name, fault]) => `${name}: ${fault}`));
}

/** zod asks the rules of the whole schema only once each setting is sound: they are asked again about those that are. */
function issuesOf(schema: z.ZodObject, values: Values): z.core.$ZodIssue[] {
  const issues = schema.safeParse(values).error?.issues ?? [];
  const broken = new Set(issues.map(({ path }) => path[0]));
  const sound = Object.fromEntries(Object.entries(values).filter(([name]) => !broken.has(name)));
  const others = schema.safeParse(sound).error?.issues ?? [];
  return [...issues, ...others.filter(({ path }) => !broken.has(path[0]))];
}

type Values = Readonly<Record<string, string>>;
type Faults = Iterable<readonly [name: string, fault: string]>;

function* productionFaults(schema: z.ZodObject, values: Values): Faults {
  for (const [name, setting] of Object.entries(schema.shape)) {
    const fault = productionFault(setting, values[name]);
    if (fault !== undefined) yield [name, fault];
  }
}

function* schemaFaults(schema: z.ZodObject, values: Values, issues: z.core.$ZodIssue[]): Faults {
  for (const issue of issues) {
    const name = String(issue.path[0] ?? 'The settings together');
    yield [name, schemaFault(issue, values[name], isSecret(schema.shape[name]))];
  }
}

function schemaFault(
  { code, message }: z.core.$ZodIssue,
  value: string | undefined,
  secret: boolean,
): string {
  // A rule of the schema as a whole may object to a default, so to a value that was not given.
  if (value === undefined) return code === 'custom' ? message : 'must be given';
  return secret ? message : `${message}, not ${JSON.stringify(value)}`;
}

function isSecret(setting: z.core.$ZodType | undefined): boolean {
  return setting !== undefined && settingMeta(setting).secret;
}

function firstOfEach(faults: Faults): Map<string, string> {
  const first = new Map<string, string>();
  for (const [name, fault] of faults) if (!first.has(name)) first.set(name, fault);
  return first;
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.values(value).forEach(deepFreeze);
  return Object.freeze(value);
}
