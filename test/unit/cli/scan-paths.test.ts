import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { pathOf, uriOf } from '../../../src/cli/security/scans.ts';

test('paths are told as one would type them', () => {
  assert.equal(pathOf('models', 'a/b.txt'), 'models/a/b.txt');
  assert.equal(pathOf('models/', 'a.txt'), 'models/a.txt');
  assert.equal(pathOf('.', 'a.txt'), 'a.txt');
  assert.equal(pathOf('x/a.txt', 'a.txt'), 'x/a.txt');
  assert.equal(pathOf('-', 'stdin.json'), 'stdin.json');
});

test('references are relative to where one works, and escaped', () => {
  assert.equal(uriOf('models', 'a b/c#d?.txt'), 'models/a%20b/c%23d%3F.txt');
  assert.equal(uriOf(join(process.cwd(), 'models'), 'x.txt'), 'models/x.txt');
  assert.equal(uriOf('./models/../other', '100%.txt'), 'other/100%25.txt');
  assert.equal(uriOf('models', 'a:b/[c].txt'), 'models/a%3Ab/%5Bc%5D.txt');
  assert.equal(uriOf('models', 'ä\ud800.txt'), 'models/%C3%A4%EF%BF%BD.txt');
  assert.equal(uriOf('-', 'stdin.json'), 'stdin.json');
  assert.equal(uriOf('hf:acme/tiny', 'a b.json'), 'hf:acme/tiny/a%20b.json');
  const outside = join(process.cwd(), '..', 'elsewhere');
  assert.equal(uriOf(outside, 'x y.txt'), pathToFileURL(join(outside, 'x y.txt')).href);
});
