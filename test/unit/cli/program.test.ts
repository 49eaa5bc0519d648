import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { optionDocs } from '../../../scripts/option-docs.ts';
import { DeclaredFlag } from '../../../src/cli/flags.ts';
import { program, runProgram, withSubcommands } from '../../../src/cli/program.ts';
import { startCommand } from '../../../src/cli/start.ts';
import { START_OPTIONS } from '../../../src/cli/start-options.ts';

const refused = (...args: string[]) =>
  runProgram(['node', 'bitorch', ...args]).then(
    () => assert.fail(`${args.join(' ')} was accepted`),
    ({ code, message }: { code: string; message: string }) => `${message} [${code}]`,
  );

test('an unknown flag or command is refused and the nearest one named', async () => {
  assert.equal(
    await refused('start', '--prot', '1'),
    "unknown option '--prot': did you mean --port? [USAGE_INVALID]",
  );
  assert.match(await refused('devnet', '--node', '3'), /did you mean --nodes\? \[USAGE_INVALID\]$/);
  assert.match(await refused('strat'), /^unknown command 'strat': did you mean start\?/);
  assert.match(await refused('wallet', 'sent'), /^unknown command 'sent': did you mean send\?/);
});

test('a missing argument and a value without its flag are refused in one sentence', async () => {
  assert.equal(await refused('start', '--port'), "option '--port <port>' argument missing [USAGE_INVALID]");
  assert.match(await refused('scan'), /^missing required argument 'target' \[USAGE_INVALID\]$/);
  assert.match(await refused('start', 'bitorch://join?a', 'b'), /^too many arguments.* \[USAGE_INVALID\]$/);
});

test('wrong values are refused before anything starts', async () => {
  assert.match(
    await refused('devnet', '--nodes', '0'),
    /^--nodes 0: must be a whole number from 1 to 64 \[OPTION_INVALID\]$/,
  );
  assert.match(await refused('abci', '--threads', 'many'), /^--threads many: must be a whole number/);
  assert.equal(await refused('genesis', 'make'), '--name is missing [OPTION_INVALID]');
});

test('values of flags are converted before a command sees them', () => {
  const convert = program.commands.find((command) => command.name() === 'convert')!;
  assert.deepEqual(convert.opts(), { force: false, sandbox: true });
});

test('some options are read from a config.json that has others of the command too, but none that it does not know', () => {
  const { roles } = START_OPTIONS;
  const config = { roles: ['seed'], name: 'ember', walletPassword: 'a long password' };
  assert.deepEqual(startCommand.values({ roles }, config), { roles: ['seed'] });
  assert.throws(() => startCommand.values({ roles }, { nam: 'ember' }), {
    code: 'OPTION_INVALID',
    message: /unknown option "nam"/,
  });
});

test('every option of a node is a flag of start, but secrets, and --yes only answers a question', () => {
  const flags = startCommand.options.filter((flag) => flag instanceof DeclaredFlag);
  assert.deepEqual(
    flags.map((flag) => flag.attributeName()).sort(),
    [...Object.keys(START_OPTIONS), 'yes'].filter((name) => name !== 'walletPassword').sort(),
  );
});

test('every flag of every command comes from a declaration', () => {
  const others = withSubcommands(program).flatMap((command) =>
    command.options
      .filter((flag) => !(flag instanceof DeclaredFlag) && flag.long !== '--version')
      .map((flag) => `${command.name()} ${flag.long}`),
  );
  assert.deepEqual(others, []);
});

test('docs/options.md is what the declarations say', () => {
  assert.equal(readFileSync('docs/options.md', 'utf8'), optionDocs(), 'run "node scripts/option-docs.ts"');
});
