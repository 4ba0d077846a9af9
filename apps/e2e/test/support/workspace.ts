import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));

export type AppName = 'auth' | 'orders' | 'billing';
