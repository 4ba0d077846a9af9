/** In milliseconds. Jest and Vitest wait 5 s, unless the configuration of the service says more. */
const TIME_LIMIT_MS = 60_000;

function withLimit<Test extends (...parameters: never[]) => unknown>(test: Test): Test {
  return new Proxy(test, {
    apply: (target, self, [name, run]) => Reflect.apply(target, self, [name, run, TIME_LIMIT_MS]),
  });
}

/** `it` of the test runner, with the time limit of a slow test as its third argument. */
const slowTest = new Proxy(withLimit(it), {
  get: (target, property) => {
    const member: unknown = Reflect.get(target, property);
    if (property !== 'each') return member;
    return (...table: unknown[]) => withLimit(Reflect.apply(target.each, target, table));
  },
});

export { slowTest as it };
