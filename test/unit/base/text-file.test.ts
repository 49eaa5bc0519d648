import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { readTextFile, textOf, toHex } from '#base';
import { SigningKey } from '#crypto';
import { readValidatorKey } from '../../../src/consensus/abci/validator-key.ts';
import { formatGenesis, parseGenesis } from '../../../src/consensus/application/genesis-text.ts';
import { ApiTokens } from '../../../src/node/home/api-tokens.ts';
import { loadIdentity } from '../../../src/node/home/identity.ts';
import { testGenesis } from '../../support/consensus/application.ts';
import { curve } from '../../support/ledger/chain.ts';
import { temporaryDirectory } from '../../support/swarm.ts';

/** A text as editors and shells save it. */
const saved: Record<string, (text: string) => Buffer> = {
  'UTF-8': (text) => Buffer.from(text),
  'UTF-8 with a mark': (text) => Buffer.from(`\ufeff${text}`),
  'UTF-16 of Windows': (text) => Buffer.from(`\ufeff${text}`, 'utf16le'),
  'UTF-16, the other way round': (text) => Buffer.from(`\ufeff${text}`, 'utf16le').swap16(),
};

test('a text is the same however it was saved; other bytes are refused, with what to do', () => {
  for (const [how, save] of Object.entries(saved)) {
    for (const text of ['', 'päss wörd\r\n', '🔥 \ufeff inside']) assert.equal(textOf(save(text)), text, how);
  }
  for (const bytes of [
    [0xe4, 0x20],
    [0xff, 0xfe, 0x00],
    [0xff, 0xfe, 0x00, 0xd8],
  ])
    assert.throws(() => textOf(Uint8Array.from(bytes)), { code: 'TEXT_INVALID', message: /UTF-8/ });
});

test('files that people make or copy are read in every spelling', async (t) => {
  const home = await temporaryDirectory(t);
  const genesis = testGenesis();
  const key = SigningKey.generate();
  const base64 = (...parts: Uint8Array[]) => Buffer.concat(parts).toString('base64');
  const comet = JSON.stringify({
    pub_key: { type: 'tendermint/PubKeyEd25519', value: base64(key.publicKey) },
    priv_key: { type: 'tendermint/PrivKeyEd25519', value: base64(key.seed, key.publicKey) },
  });
  for (const [how, save] of Object.entries(saved)) {
    assert.deepEqual(parseGenesis(save(formatGenesis(genesis)), curve), genesis, how);
    await writeFile(join(home, 'node.key'), save(`${toHex(key.seed)}\r\n`));
    assert.deepEqual((await loadIdentity(home)).publicKey, key.publicKey, how);
    await writeFile(join(home, 'api.token'), save('secret\n'));
    await writeFile(join(home, 'api-tokens.json'), save('[]\n'));
    assert.equal((await ApiTokens.open(home)).owner, 'secret', how);
    await writeFile(join(home, 'key.json'), save(comet));
    assert.deepEqual((await readValidatorKey(join(home, 'key.json'))).publicKey, key.publicKey, how);
  }
  await writeFile(join(home, 'latin'), Buffer.from('p\xe4ssword', 'latin1'));
  await assert.rejects(readTextFile(join(home, 'latin')), { code: 'TEXT_INVALID', message: /latin: / });
});
