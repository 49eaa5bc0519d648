import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { serviceOptions } from '../../../src/cli/service/service-options.ts';

test('options become those of a program with another working directory', () => {
  const { home, options } = serviceOptions(
    '--home data --roles seed,run --genesis g.json --publish README.md --wallet-password-file secret --port 7777'.split(
      ' ',
    ),
  );
  assert.equal(home, resolve('data'));
  assert.deepEqual(options, [
    ...['--home', home, '--roles', 'seed,run', '--genesis', resolve('g.json')],
    ...['--publish', resolve('README.md'), '--wallet-password-file', resolve('secret'), '--port', '7777'],
  ]);
  assert.deepEqual(serviceOptions(options).options, options, 'stored options are taken as they are');
});

test('names of models and switches stay as they are', () => {
  const { options } = serviceOptions(['--publish', 'hf:owner/name', '--light', '--swarm-host', '192.0.2.1']);
  assert.deepEqual(options.slice(2), ['--publish', 'hf:owner/name', '--light', '--swarm-host', '192.0.2.1']);
});

test('wrong options are refused before anything is installed', () => {
  assert.throws(() => serviceOptions(['--port', 'x']), { code: 'OPTION_INVALID' });
  assert.throws(() => serviceOptions(['--prot', '1']), /unknown option '--prot'/);
  assert.throws(() => serviceOptions(['bitorch://join?abc']), /too many arguments/);
});
