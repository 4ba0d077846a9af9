import { readFileSync } from 'node:fs';
import { isNativeError } from 'node:util/types';

export type Environment = Readonly<Record<string, string | undefined>>;

interface Reading {
  readonly values: Record<string, string>;
  /** By setting name: why its value could not be read. */
  readonly faults: Map<string, string>;
}

/** Takes each setting from X, or from the file that X_FILE names (Docker and Kubernetes secrets). An empty value is unset. */
export function readEnvironment(names: readonly string[], env: Environment): Reading {
  const reading: Reading = { values: {}, faults: new Map() };
  for (const name of names) {
    const direct = env[name] || undefined;
    const file = env[`${name}_FILE`] || undefined;
    if (direct !== undefined && file !== undefined) {
      reading.faults.set(name, `is given twice; set ${name} or ${name}_FILE, not both`);
    } else if (file !== undefined) {
      readInto(reading, name, file);
    } else if (direct !== undefined) {
      reading.values[name] = direct;
    }
  }
  return reading;
}

function readInto({ values, faults }: Reading, name: string, file: string): void {
  try {
    const value = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
    if (value !== '') values[name] = value;
  } catch (error) {
    const reason = isNativeError(error) && 'code' in error ? ` (${String(error.code)})` : '';
    faults.set(name, `cannot be read: ${name}_FILE names ${JSON.stringify(file)}${reason}`);
  }
}
