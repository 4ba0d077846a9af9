/**
 * Lints texts as if they were the contents of files, without writing them. Standard input: `[{ "filePath", "text" }, …]`.
 * Standard output: the findings of each as `[{ "ruleId", "message" }, …]`. The files must exist, because the rules use types.
 */
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { ESLint } from 'eslint';

const eslint = new ESLint({ cwd: fileURLToPath(new URL('../../../..', import.meta.url)) });
const findings = [];
for (const { filePath, text: code } of JSON.parse(await text(process.stdin))) {
  const [result] = await eslint.lintText(code, { filePath });
  findings.push(result.messages.map(({ ruleId, message }) => ({ ruleId, message })));
}
process.stdout.write(JSON.stringify(findings));
