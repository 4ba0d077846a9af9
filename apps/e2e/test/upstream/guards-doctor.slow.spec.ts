import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { STARTERS, type StarterFiles } from '../support/nest-starters.js';
import { type Exit, RunningCommand } from '../support/running-command.js';
import { ROOT } from '../support/workspace.js';

/** A line that a developer may have written instead, and the rule that must name it. */
interface Fault {
  readonly rule: string;
  readonly file: string;
  readonly replaces: string | RegExp;
  readonly by: string;
}

const EXPRESS = 'tools/adoption/express-service';
const FASTIFY = 'tools/adoption/fastify-service';
const STRATEGY = 'src/auth/jwt.strategy.ts';
const ISSUER = '      issuer: process.env.ISSUER,\n';
const AUDIENCE = '      audience: process.env.AUDIENCE,\n';
const BEARER = 'ExtractJwt.fromAuthHeaderAsBearerToken()';

describe('npm run guards:doctor', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-doctor-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  async function diagnose(path: string, caller?: string): Promise<[Exit, string]> {
    const command = RunningCommand.start({
      file: process.execPath,
      arguments: ['tools/run.mjs', 'guards-doctor', path],
      env: { PATH: process.env['PATH'] ?? '', ...(caller && { INIT_CWD: caller }) },
    });
    return [await command.exit, command.output];
  }

  function write(files: StarterFiles): void {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
  }

  /** Makes the sources of a service that the adoption check uses. */
  function makeService(templates: string): void {
    const from = join(ROOT, templates);
    for (const path of readdirSync(from, { recursive: true, encoding: 'utf8' })) {
      if (!path.endsWith('.template')) continue;
      cpSync(join(from, path), join(folder, path.slice(0, -'.template'.length)));
    }
  }

  /** @returns the line of the fault */
  function plant({ file, replaces, by }: Fault): number {
    const path = join(folder, file);
    const before = readFileSync(path, 'utf8');
    const after = before.replace(replaces, by);
    expect(after).not.toBe(before);
    writeFileSync(path, after);
    const lines = after.split('\n');
    return lines.findIndex((line, at) => line !== before.split('\n')[at]) + 1;
  }

  const reported = (output: string) =>
    [...output.matchAll(/^ {2}(\S+):(\d+) {2}\w+ (\S+) /gm)].map(
      ([, file, line, rule]) => `${file}:${line} ${rule}`,
    );

  it.each(['apps/orders', 'apps/billing'])('finds no fault in %s', async (app) => {
    expect(await diagnose(app)).toEqual([0, '0 errors, 0 warnings, 0 notes\n']);
  });

  it('reports no error in the services of the adoption check', async () => {
    makeService(EXPRESS);
    const [exit, output] = await diagnose(folder);
    expect(output).toMatch(/^0 errors, 2 warnings, 0 notes$/m);
    expect(exit).toBe(0);
  });

  it('names file, line, rule, reason and advice, and exits with 1 for an error', async () => {
    makeService(EXPRESS);
    const line = plant({
      rule: 'ignore-expiration',
      file: STRATEGY,
      replaces: AUDIENCE,
      by: `      ignoreExpiration: true,\n${AUDIENCE}`,
    });
    const [exit, output] = await diagnose(folder);
    expect(output).toContain(
      `  ${STRATEGY}:${line}  error ignore-expiration  expired tokens are accepted  → remove ignoreExpiration\n`,
    );
    expect(exit).toBe(1);
  });

  it('says that passport-jwt does not check an empty audience', async () => {
    makeService(EXPRESS);
    const file = STRATEGY;
    const by = "      audience: process.env.AUDIENCE ?? '',\n";
    const line = plant({ rule: 'unset-option', file, replaces: AUDIENCE, by });
    const [, output] = await diagnose(folder);
    expect(reported(output)).toContain(`${file}:${line} unset-option`);
  });

  it('reads a path from the folder in which npm was called', async () => {
    makeService(EXPRESS);
    const [, output] = await diagnose('src', folder);

    expect(output).toMatch(/^ {2}auth\/jwt\.strategy\.ts:\d+ /m);
  });

  it('exits with 2 for a path without TypeScript', async () => {
    const [exit, output] = await diagnose(join(folder, 'none'));
    expect(output).toContain('has no TypeScript sources');
    expect(exit).toBe(2);
  });

  const inStrategy = (rule: string, replaces: string | RegExp, by: string): Fault => ({
    rule,
    file: STRATEGY,
    replaces,
    by,
  });

  const EXPRESS_FAULTS: readonly Fault[] = [
    inStrategy(
      'ignored-option',
      ISSUER,
      "      jsonWebTokenOptions: { issuer: 'https://a.example' },\n",
    ),
    inStrategy('unknown-option', ISSUER, "      iss: 'https://a.example',\n"),
    inStrategy('unknown-option', ISSUER, '      clockTolerance: 5,\n'),
    inStrategy('missing-issuer', ISSUER, ''),
    inStrategy('missing-audience', AUDIENCE, ''),
    inStrategy('missing-algorithms', "      algorithms: ['RS256'],\n", ''),
    inStrategy('secret-in-source', /secretOrKeyProvider[^]*?\}\),/, "secretOrKey: 'secret',"),
    inStrategy(
      'secret-in-source',
      /secretOrKeyProvider[^]*?\}\),/,
      "secretOrKey: process.env.KEY ?? 'dev',",
    ),
    inStrategy('token-in-query', BEARER, "ExtractJwt.fromUrlQueryParameter('token')"),
    inStrategy('token-in-cookie', BEARER, "(request) => request.cookies['token']"),
    inStrategy(
      'token-in-body',
      BEARER,
      "ExtractJwt.fromExtractors([ExtractJwt.fromBodyField('token')])",
    ),
    inStrategy('key-set-over-http', "process.env.JWKS_URI ?? ''", "'http://issuer.example/jwks'"),
    inStrategy('key-set-requests', /cache: true,\n\s+rateLimit: true,/, 'cache: false,'),
    {
      rule: 'unguarded-write',
      file: 'src/app.module.ts',
      replaces: '    { provide: APP_GUARD, useClass: JwtAuthGuard },\n',
      by: '',
    },
    {
      rule: 'guard-lets-pass',
      file: 'src/auth/jwt-auth.guard.ts',
      replaces: '  canActivate',
      by: '  handleRequest<T>(_error: unknown, user: T): T { return user; }\n\n  canActivate',
    },
  ];

  it.each(EXPRESS_FAULTS)('finds $rule in $file of the Express service', async (fault) => {
    makeService(EXPRESS);
    if (fault.rule === 'unguarded-write') {
      // A handler that is guarded in another way, so that the service does not only consist of open handlers.
      plant({
        ...fault,
        file: 'src/orders/customers.controller.ts',
        replaces: "@Roles('admin')",
        by: '@UseGuards(X)',
      });
    }
    plant(fault);
    const [, output] = await diagnose(folder);
    expect(reported(output).map((one) => one.split(' ')[1])).toContain(fault.rule);
  });

  const FASTIFY_FAULTS: readonly Fault[] = [
    {
      rule: 'unguarded-read',
      file: 'src/orders/invoices.controller.ts',
      replaces: "  @UseGuards(AuthGuard('jwt'))\n",
      by: '',
    },
    {
      rule: 'decode-in-guard',
      file: 'src/auth/scopes.guard.ts',
      replaces: 'const { user } = context.switchToHttp().getRequest();',
      by: 'const user = decode(context.switchToHttp().getRequest().headers.authorization) as { scopes: string[] };',
    },
  ];

  it.each(FASTIFY_FAULTS)('finds $rule in $file of the Fastify service', async (fault) => {
    makeService(FASTIFY);
    const scopes = join(folder, 'src/auth/scopes.guard.ts');
    writeFileSync(
      scopes,
      `import { decode } from 'jsonwebtoken';\n${readFileSync(scopes, 'utf8')}`,
    );
    const line = plant(fault);
    const [, output] = await diagnose(folder);
    expect(reported(output)).toContain(`${fault.file}:${line} ${fault.rule}`);
  });

  it('finds a gateway, a message handler and a replaced user that global guards do not cover', async () => {
    makeService(EXPRESS);
    write({
      'src/events.gateway.ts': `
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
@WebSocketGateway()
export class EventsGateway {
  @SubscribeMessage('cancel') cancel() {}
}`,
      'src/events.controller.ts': `
import { Controller } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
@Controller()
export class EventsController {
  @MessagePattern('cancel') cancel() {}
}`,
      'src/hybrid.ts': 'export const start = (app: any) => app.connectMicroservice({});\n',
    });
    const [, output] = await diagnose(folder);
    expect(reported(output)).toEqual(
      expect.arrayContaining([
        'src/events.gateway.ts:5 unguarded-gateway',
        'src/events.controller.ts:6 unguarded-message',
      ]),
    );
  });

  it('accepts message handlers that inherit the global guards', async () => {
    makeService(EXPRESS);
    write({
      'src/events.controller.ts': `
import { Controller } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
@Controller()
export class EventsController {
  @MessagePattern('cancel') cancel() {}
}`,
      'src/hybrid.ts':
        'export const start = (app: any) => app.connectMicroservice({}, { inheritAppConfig: true });\n',
    });
    const [, output] = await diagnose(folder);
    expect(output).not.toContain('unguarded-message');
  });

  it('tells a service with GuardsModule which guards replace request.user', async () => {
    makeService(EXPRESS);
    write({
      'src/guards.ts': `
import { GuardsModule } from '@gatehouse/guards';
export const guards = GuardsModule.forRoot({ issuer: 'https://a.example', audience: 'b', algorithms: ['ES256'], undeclaredHandlers: 'report' });`,
      'src/tenant.guard.ts': `
export class TenantGuard {
  canActivate(context: any) {
    context.switchToHttp().getRequest().user = { tenant: 'a' };
    return true;
  }
}`,
    });
    const [, output] = await diagnose(folder);
    const rules = reported(output);
    expect(rules).toContain('src/tenant.guard.ts:4 user-overwritten');
    expect(rules.some((one) => /^src\/app.module.ts:\d+ two-global-guards$/.test(one))).toBe(true);
  });

  it.each(Object.entries(STARTERS))(
    'reports the marked lines and no others of a starter with %s',
    async (_name, files) => {
      write(files);
      const expected = Object.entries(files).flatMap(([path, text]) =>
        text.split('\n').flatMap((line, at) => {
          const rules = / \/\/ ([a-z- ]+)$/.exec(line)?.[1]?.split(' ') ?? [];
          return rules.map((rule) => `${path}:${at + 1} ${rule}`);
        }),
      );
      const [, output] = await diagnose(folder);
      expect(reported(output).sort()).toEqual(expected.sort());
    },
  );
});
