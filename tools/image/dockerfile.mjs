/**
 * Reads the part of the Dockerfile language that ours is written in.
 *
 * @returns {{ name: string | undefined, base: string, instructions: { word: string, text: string }[] }[]} the stages
 */
export function stagesOf(dockerfile) {
  const stages = [];
  for (const instruction of instructionsOf(dockerfile)) {
    if (instruction.word === 'FROM') stages.push({ ...from(instruction.text), instructions: [] });
    else stages.at(-1).instructions.push(instruction);
  }
  return stages;
}

function from(text) {
  const [base, , name] = text.split(/\s+/);
  return { base, name };
}

function instructionsOf(dockerfile) {
  const lines = dockerfile
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'));
  return lines
    .join('\n')
    .replace(/\\\n\s*/g, '')
    .split('\n')
    .map((line) => {
      const [, word, text] = /^(\w+)\s+(.*)$/.exec(line);
      return { word, text };
    });
}

/** `$APP` and `${APP}` by what ARG and ENV have said. */
export function substitute(text, variables) {
  return text.replace(/\$(?:\{(\w+)\}|(\w+))/g, (_all, braced, bare) => {
    return variables[braced ?? bare] ?? '';
  });
}
