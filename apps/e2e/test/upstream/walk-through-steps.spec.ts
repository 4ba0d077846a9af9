import { matchesDocument } from '../support/walk-through/output-comparison.js';
import { BashSession } from '../support/walk-through/bash-session.js';
import { parseSections, relocateStep } from '../support/walk-through/steps.js';

const DOCUMENT = `
# Title

## Install

\`\`\`sh skip
npm ci
\`\`\`

\`\`\`text
added 1 package
\`\`\`

## Use

\`\`\`sh
NAME=world
\`\`\`

\`\`\`\`sh
echo "hello $NAME"
\`\`\`\`

\`\`\`console
hello …
\`\`\`

\`\`\`sh
curl localhost:3000
\`\`\`

It prints, among other things:

\`\`\`json
{}
\`\`\`
`;

describe('the steps of a document', () => {
  it('reads the sh blocks of each section with the output that follows', () => {
    expect(parseSections(DOCUMENT)).toEqual([
      {
        title: 'Use',
        steps: [
          { command: 'NAME=world', line: 16 },
          { command: 'echo "hello $NAME"', expected: 'hello …', line: 20 },
          { command: 'curl localhost:3000', line: 28 },
        ],
      },
    ]);
  });

  it('rejects a block that is not closed', () => {
    expect(() => parseSections('```sh\ntrue\n')).toThrow('not closed: ```sh');
  });

  it('replaces the addresses of the stack but not resource identifiers', () => {
    const places = {
      ports: new Map([
        ['3000', '20000'],
        ['3002', '20002'],
      ]),
      dataDir: '/tmp/x',
    };
    const command = `. data/demo.env; cat mydata/x; curl localhost:3000 localhost:3002 -d '{"resource":"http://localhost:3002"}'`;
    const expected = 'http://localhost:3000 and http://localhost:3002';
    expect(relocateStep({ command, expected, line: 1 }, places)).toEqual({
      command: `. /tmp/x/demo.env; cat mydata/x; curl localhost:20000 localhost:20002 -d '{"resource":"http://localhost:3002"}'`,
      expected: 'http://localhost:20000 and http://localhost:3002',
      line: 1,
    });
  });
});

describe('comparison of output with a document', () => {
  it.each([
    ['the same text', 'one\ntwo', 'one  \r\ntwo\n'],
    ['any text for …', 'a … z', 'a b\nc z'],
    ['characters that mean something in patterns', 'a.b (c)? [1]', 'a.b (c)? [1]'],
    [
      'JSON of another layout and order',
      '{"a": 1,\n "b": [true, null]}',
      '{"b":[true,null],"a":1}',
    ],
    ['a part of a JSON string', '{"id":"ord_…"}', '{"id":"ord_1"}'],
    ['anything for a JSON member', '{"a":"…"}', '{"a":{"b":1}}'],
  ])('with %s', (_, expected, printed) => {
    expect(matchesDocument(expected, printed)).toBe(true);
  });

  it.each([
    ['another text', 'one', 'two'],
    ['more text', 'one', 'one two'],
    ['a pattern that would match', 'a.b', 'axb'],
    ['another JSON value', '{"a":1}', '{"a":"1"}'],
    ['a JSON member more', '{"a":1}', '{"a":1,"b":2}'],
    ['a JSON member less', '{"a":"…"}', '{}'],
    ['an object for an array', '[]', '{}'],
    ['another start of a JSON string', '{"id":"ord_…"}', '{"id":"inv_1"}'],
    ['nothing', '…z', ''],
  ])('but not with %s', (_, expected, printed) => {
    expect(matchesDocument(expected, printed)).toBe(false);
  });
});

describe('a bash session', () => {
  it('keeps the variables of a block and separates standard output from standard error', async () => {
    const session = await BashSession.open({ PATH: '/usr/bin:/bin' });
    await session.run('NAME=world; greet() { echo "hello $1"; }');
    const result = await session.run('greet $NAME; echo oh >&2 # done');
    expect(result).toEqual({ exit: 0, stdout: 'hello world\n', stderr: 'oh\n' });
  });

  it.each(['false', 'false | true', 'exit 3', 'X=$(false)'])(
    'ends with a block that fails: %s',
    async (block) => {
      const session = await BashSession.open({ PATH: '/usr/bin:/bin' });
      const { exit, stdout } = await session.run(`echo before\n${block}\necho after`);
      expect(exit).not.toBe(0);
      expect(stdout).toBe('before\n');
    },
  );
});
