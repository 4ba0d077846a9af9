import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { npmInstall, run } from '../terminal/processes.mjs';
import { ROOT } from '../workspace.mjs';
import { inFolder } from './base-images.mjs';
import { print } from './engine.mjs';

/** Types and schemas that are generated from the OpenAPI document of Kubernetes. Version 5 needs Node 22. */
const MODELS = 'kubernetes-models@4';
const OPTIONS = ['--strict', '--skipLibCheck', '--module', 'nodenext'];

/**
 * Compares the manifests with the API of Kubernetes. The schemas accept unknown fields, as a cluster does. The compiler refuses
 * them, so a misspelled field is found.
 *
 * @param {{ kind: string, apiVersion?: string }[]} manifests
 */
export async function checkSchemas(manifests) {
  await inFolder(async (folder) => {
    writeFileSync(join(folder, 'package.json'), '{ "type": "commonjs" }');
    await npmInstall(folder, [MODELS]);
    const programs = manifests.map(({ kind, apiVersion, ...rest }, at) => {
      const literal = JSON.stringify(rest);
      const model = `import { ${kind} as Kind${at} } from 'kubernetes-models/${apiVersion}/${kind}';`;
      return `${model}\nnew Kind${at}(${literal}).validate();\n`;
    });
    writeFileSync(join(folder, 'manifests.ts'), programs.join(''));
    const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
    await run('The schema check', [process.execPath, compiler, ...OPTIONS, 'manifests.ts'], {
      cwd: folder,
    });
    await run('The schema check', [process.execPath, 'manifests.js'], { cwd: folder });
    print(`${manifests.length} manifests fit the API of Kubernetes`);
  });
}
