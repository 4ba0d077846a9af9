import type { SettingMeta } from './setting-meta.js';

const minimumKeyBytes = 32;
const placeholders = /change.?me|placeholder|example|^(my|your|the)?.?secret/i;

/** What a production setting breaks, as the end of a sentence that begins with its name; undefined when it is fine. */
export function productionFault(meta: SettingMeta, value: string | undefined): string | undefined {
  if (value === undefined) {
    return meta.requiredInProduction ? 'must be given when NODE_ENV is production' : undefined;
  }
  return meta.keyMaterial ? weakKeyIn(value) : undefined;
}

/** Key material may be a list while it changes, apart by commas: its weakest entry counts. */
function weakKeyIn(list: string): string | undefined {
  return list
    .split(',')
    .map((entry) => weakKey(entry.trim()))
    .find(Boolean);
}

function weakKey(value: string): string | undefined {
  if (Buffer.byteLength(value) < minimumKeyBytes) {
    return `must be at least ${minimumKeyBytes} bytes long; \`openssl rand -base64 48\` makes a good one`;
  }
  if (placeholders.test(value) || isRepetitive(value)) {
    return 'is a placeholder; `openssl rand -base64 48` makes a good one';
  }
  return undefined;
}

/** 32 random hexadecimal digits show ten or more different characters all but always. */
function isRepetitive(value: string): boolean {
  return new Set(value).size < 8;
}
