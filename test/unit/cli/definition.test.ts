import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keptOptions, optionsComment } from '../../../src/cli/service/definition.ts';

test('options with any characters survive in the comment of a definition', () => {
  const options = ['--home', '/srv/a b', '--name', 'x --> --- <b> "q" \\ %h $HOME', '--roles', 'seed,run'];
  const comment = optionsComment(options);
  assert.doesNotMatch(comment, /--/, 'it would end a comment of XML');
  assert.deepEqual(keptOptions(`# a\n# ${comment}\n[Unit]\n`), options);
  assert.deepEqual(keptOptions(`<!-- ${comment} -->\n<Task/>`), options);
});

test('a definition that was changed by hand has no options to keep', () => {
  for (const text of ['', 'options: no', 'options: [1]', 'options: ["a]', 'options: [}]'])
    assert.equal(keptOptions(text), undefined, text);
});
