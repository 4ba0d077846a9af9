/** What passport adds to a strategy for the time of one request. */
export interface PassportActions {
  success(user: unknown, info?: unknown): void;
  /** Passport runs the next strategy of the guard, if it has one. */
  fail(challenge: unknown, status?: number): void;
  error(error: unknown): void;
}

interface PassportStrategy {
  authenticate(request: object, options?: unknown): void;
}

/** A strategy that belongs to one Nest application. */
interface ApplicationStrategy extends PassportStrategy {
  readonly name: string;
  /** The instance of Express or Fastify that receives its requests. */
  readonly server: unknown;
}

/** The part of passport that keeps the strategies. All applications of a process share it. */
export interface PassportRegistry {
  readonly _strategies: Record<string, PassportStrategy | undefined>;
}

/**
 * AuthGuard finds a strategy by its name only, and two applications of a process may use the same name. Passport knows
 * this strategy by the name, and it runs the one of the application that received the request.
 */
class SharedName implements PassportStrategy {
  readonly strategies = new Set<ApplicationStrategy>();
  declare private readonly error: PassportActions['error'];

  /** @param other a strategy of another package, for applications without a strategy of this package */
  constructor(
    private readonly name: string,
    public other: PassportStrategy | undefined,
  ) {}

  authenticate(request: object, options?: unknown): void {
    const strategy = this.find(request);
    if (!strategy) return this.error(new Error(`No strategy '${this.name}' ${UNKNOWN}`));
    // Passport has made `this` for the request, and its own properties are the actions.
    Object.assign<PassportStrategy, object>(Object.create(strategy), this).authenticate(
      request,
      options,
    );
  }

  private find(request: object): PassportStrategy | undefined {
    const { app, server = app } = request as { readonly app?: unknown; readonly server?: unknown };
    const all = [...this.strategies];
    if (server !== undefined) {
      return all.filter((strategy) => isInstanceOf(server, strategy.server)).at(-1) ?? this.other;
    }
    // Handshakes of sockets and calls of microservices do not name their application.
    const [only, ...others] = new Set([...all, this.other ?? []].flat());
    return others.length === 0 ? only : undefined;
  }
}

const UNKNOWN = 'of this application, or no way to tell which of several applications is called';

/** Plugins of Fastify get an object that inherits from the instance. */
function isInstanceOf(server: unknown, root: unknown): boolean {
  if (server === undefined || root === undefined) return false;
  return server === root || Object.prototype.isPrototypeOf.call(Object(root), Object(server));
}

/** A later strategy of another package with this name serves the other applications, and does not replace this one. */
export function addStrategy(passport: PassportRegistry, strategy: ApplicationStrategy): void {
  const { name } = strategy;
  const found = passport._strategies[name];
  const shared = found instanceof SharedName ? found : new SharedName(name, found);
  shared.strategies.add(strategy);
  Object.defineProperty(passport._strategies, name, {
    configurable: true,
    enumerable: true,
    get: () => shared,
    set: (other: PassportStrategy) => (shared.other = other),
  });
}

export function removeStrategy(passport: PassportRegistry, strategy: ApplicationStrategy): void {
  const found = passport._strategies[strategy.name];
  if (found instanceof SharedName) found.strategies.delete(strategy);
}
