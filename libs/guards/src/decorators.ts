import 'reflect-metadata';

const REQUIRED_SCOPES = 'gatehouse:required-scopes';
const PUBLIC = 'gatehouse:public';

/** RFC 6749 §3.3. */
const SCOPE_TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

type HandlerOrController = MethodDecorator & ClassDecorator;

/**
 * The access token must carry every one of these scopes. On a controller and on its handler they add up.
 *
 * @throws TypeError when a name is not a scope token (RFC 6749 §3.3)
 */
export function RequireScopes(...scopes: [string, ...string[]]): HandlerOrController {
  const malformed = scopes.find((scope) => !SCOPE_TOKEN.test(scope));
  if (malformed !== undefined) throw new TypeError(`"${malformed}" is not a scope (RFC 6749 §3.3)`);
  return annotate((target) => {
    const before = requiredScopes(target) ?? [];
    Reflect.defineMetadata(REQUIRED_SCOPES, [...new Set([...before, ...scopes])], target);
  });
}

/** Reachable without a token. A handler that requires scopes itself stays closed on a public controller. */
export function Public(): HandlerOrController {
  return annotate((target) => Reflect.defineMetadata(PUBLIC, true, target));
}

export function requiredScopes(target: object): readonly string[] | undefined {
  return Reflect.getMetadata(REQUIRED_SCOPES, target);
}

export function isPublic(target: object): boolean {
  return Reflect.getMetadata(PUBLIC, target) === true;
}

function annotate(write: (target: object) => void): HandlerOrController {
  return (target: object, _name?: string | symbol, descriptor?: PropertyDescriptor) => {
    write(descriptor ? descriptor.value : target);
  };
}
