export type Choices = Readonly<Record<string, unknown>> & { readonly name: string };
type Shapes = Readonly<Record<'minimal' | 'standard' | 'full', Choices>>;

/** The tools are JavaScript, and no project. */
interface Tools {
  readonly generate: (project: {
    readonly source: string;
    readonly target: string;
    readonly choices: Choices;
  }) => Promise<void>;
  readonly completeChoices: (given: Choices) => Choices;
  readonly SHAPES: Shapes;
  readonly sizeOf: (folder: string) => Readonly<Record<string, number>>;
  readonly readRecord: () => {
    readonly shapes: Readonly<Record<string, Readonly<Record<string, number>>>>;
  };
  readonly OPTIONAL_PARTS: readonly string[];
  readonly lockFileFor: (text: string, manifests: Map<string, object>) => string;
  readonly addService: (root: string, name: string, options?: object) => unknown;
  readonly renamed: (text: string, names: { name: string; scope: string }) => string;
  readonly withImportsOfWidth: (text: string) => string;
}
export async function createTools(): Promise<Tools> {
  const tools = {} as Tools;
  // One after the other, because Jest links modules that are imported together in a wrong order.
  for (const name of [
    'create/choices',
    'create/generate',
    'create/lock-file',
    'create/names',
    'create/shapes',
    'new-service/add-service',
  ]) {
    const url = new URL(`../../../../tools/${name}.mjs`, import.meta.url);
    Object.assign(tools, await import(url.href));
  }
  return tools;
}
