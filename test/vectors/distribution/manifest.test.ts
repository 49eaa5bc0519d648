import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fromHex, toHex } from '#base';
import { SigningKey } from '#crypto';
import { manifestId, openManifest, signManifest } from '#distribution';
import { tinyManifest } from '../../support/manifest.ts';

const vector = JSON.parse(readFileSync(new URL('./manifest.json', import.meta.url), 'utf8')) as {
  seed: string;
  sealed: string;
  id: string;
};

test('a signed manifest has these very bytes and this id', () => {
  const sealed = signManifest(tinyManifest(), new SigningKey(fromHex(vector.seed)));
  assert.equal(toHex(sealed), vector.sealed);
  assert.equal(toHex(manifestId(sealed)), vector.id);
  assert.equal(openManifest(fromHex(vector.sealed)).name, 'tiny');
});
