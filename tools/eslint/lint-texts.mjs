/**
 * Lints texts as if they were the contents of files, without writing them. Standard input: `[{ "filePath", "text" }, …]`;
 * standard output: for each, the findings as `[{ "ruleId", "message" }, …]`. The files must exist: types are checked.
 */
import { text } from 'node:stream/consumers';
import { ESLint } from 'eslint';
import { ROOT } from '../workspace.mjs';

const eslint = new ESLint({ cwd: ROOT });
const findings = [];
for (const { filePath, text: planted } of JSON.parse(await text(process.stdin))) {
  const [result] = await eslint.lintText(planted, { filePath });
  findings.push(result.messages.map(({ ruleId, message }) => ({ ruleId, message })));
}
process.stdout.write(JSON.stringify(findings));
