import { z } from 'zod';
import { logLevels } from '../logging/log-level.js';
import { flag, oneOf, postgresUrl, wholeNumber } from './settings.js';

/** The settings that every service has. Spread them into the service's own schema. */
export function commonSettings({ port }: { readonly port: number }) {
  return {
    NODE_ENV: oneOf(['development', 'test', 'production'])
      .default('development')
      .describe('With `production` nothing is generated and no secret has a default.'),
    HOST: z
      .string()
      .default('127.0.0.1')
      .describe('The address to listen on; containers set `0.0.0.0`.'),
    PORT: wholeNumber({ min: 0, max: 65535, default: port }).describe(
      'The TCP port to listen on; 0 takes a free one.',
    ),
    DATABASE_URL: postgresUrl()
      .optional()
      .describe('A PostgreSQL database; without it, SQLite in `DATA_DIR`.'),
    DATA_DIR: z
      .string()
      .default('./data')
      .describe('The folder of the SQLite files and of what development generates.'),
    LOG_LEVEL: oneOf(logLevels).default('info').describe('The least severe level that is logged.'),
    TRUST_PROXY: flag(false).describe(
      'Whether a reverse proxy in front sets `X-Forwarded-*`; otherwise these are ignored.',
    ),
  };
}
