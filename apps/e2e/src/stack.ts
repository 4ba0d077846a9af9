import { AppProcess, type Settings } from './app-process.js';
import { freePort } from './free-port.js';
import { temporaryFolder } from './temporary-folder.js';

export interface Stack {
  readonly auth: AppProcess;
  readonly orders: AppProcess;
  readonly billing: AppProcess;
  readonly dataDir: string;
}

/** The three apps on free ports, ready, with one data folder. The settings are for all three. */
export async function startStack(settings: Settings = {}): Promise<Stack> {
  const dataDir = await temporaryFolder();
  const PORT = String(await freePort());
  const issuer = `http://localhost:${PORT}`;
  const all = { ISSUER: issuer, AUTH_ISSUER: issuer, ...settings, DATA_DIR: dataDir };
  const [auth, orders, billing] = await Promise.all([
    AppProcess.of('auth', { ...all, PORT }),
    AppProcess.of('orders', all),
    AppProcess.of('billing', all),
  ]);
  await Promise.all([auth, orders, billing].map((app) => app.start()));
  return { auth, orders, billing, dataDir };
}
