import { z } from 'zod';
import { readSettingMeta } from './setting-meta.js';
import { splitSecrets } from './settings.js';

const MIN_KEY_BYTES = 32;
const PLACEHOLDERS = /change.?me|placeholder|example|^(my|your|the)?.?secret/i;

/** @returns the production rule that a setting breaks, as the end of a sentence that begins with its name */
export function findProductionFault(
  setting: z.core.$ZodType,
  value: string | undefined,
): string | undefined {
  const meta = readSettingMeta(setting);
  if (value === undefined) {
    return meta.requiredInProduction ? 'must be given when NODE_ENV is production' : undefined;
  }
  if (meta.keyMaterial) return findWeakKey(value);
  if (meta.httpsInProduction && /^http:/i.test(value)) {
    return `must be an https URL, not ${JSON.stringify(value)}`;
  }
  const { data } = z.safeParse(setting, value);
  return meta.offInProduction && describeForbidden(data, value, meta.offInProduction);
}

/** @param parsed true for a flag that is on, and a text for a setting that development alone has */
function describeForbidden(parsed: unknown, value: string, reason: string): string | undefined {
  if (parsed === true) return `must be false: ${reason}, not ${JSON.stringify(value)}`;
  return typeof parsed === 'string' ? `must not be given: ${reason}` : undefined;
}

/** Key material is a list, separated by commas, during a rotation. Each entry must be strong. */
function findWeakKey(list: string): string | undefined {
  const secrets = splitSecrets(list);
  return secrets.length === 0 ? describeWeakKey('') : secrets.map(describeWeakKey).find(Boolean);
}

function describeWeakKey(value: string): string | undefined {
  if (Buffer.byteLength(value) < MIN_KEY_BYTES) {
    return `must be at least ${MIN_KEY_BYTES} bytes long; \`openssl rand -base64 48\` makes a good one`;
  }
  if (PLACEHOLDERS.test(value) || isRepetitive(value)) {
    return 'is a placeholder; `openssl rand -base64 48` makes a good one';
  }
  return undefined;
}

/** 32 random hexadecimal digits have ten or more different characters in nearly all cases. */
function isRepetitive(value: string): boolean {
  return new Set(value).size < 8;
}
