import assert from 'node:assert/strict';
import { test } from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import { concat, fromHex } from '#base';
import { inBuffer } from '#formats';
import { builtInRuleset, scan } from '#security';
import { zipFile } from '../../support/attacks/archives.ts';
import { maliciousPickle } from '../../support/attacks/pickles.ts';
import { Random } from '../../support/attacks/random.ts';

const ruleset = await builtInRuleset();
const found = async (path: string, bytes: Uint8Array) => {
  const { files } = await scan([{ path, source: inBuffer(bytes) }], ruleset);
  return files[0]!.findings.map(({ rule, place, detail }) => `${rule} ${place} ${detail}`);
};
const latin1 = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));
const headed = (magic: string) => concat([latin1(magic), new Uint8Array(64), latin1('rest')]);

/** Archives that are not looked into; the first three are a pickle of posix.system, packed by Python. */
const ARCHIVES: Readonly<Record<string, Uint8Array>> = {
  xz: fromHex(
    'fd377a585a000004e6d6b4460200210116000000742fe5a3010019800263706f7369780a73797374656d0a2853276964270a74522e000000df8db0215e78d4260001321a201894301fb6f37d010000000004595a',
  ),
  lzma: fromHex(
    '5d00008000ffffffffffffffff0040008803cb87e60e3fc6dba6623ad0e0179d23c93dea7136d2bdd74bcc08d2ffffdf1a0000',
  ),
  bzip2: fromHex(
    '425a6839314159265359f713049c00000cd3c0101000c118000e22cc60400020002281a0f5341e50a64c4c83231396d0b82072983d3e29e16cc97c5dc914e14243dc4c1270',
  ),
  '7z': headed('7z\xbc\xaf\x27\x1c'),
  rar: headed('Rar!\x1a\x07\x01\0'),
  lz4: headed('\x04\x22\x4d\x18'),
  lzip: headed('LZIP\x01'),
  lzop: headed('\x89LZO\0\r\n\x1a\n'),
  snappy: headed('\xff\x06\0\0sNaPpY'),
  joblib: headed('ZF0x1f'),
  cab: headed('MSCF\0\0\0\0'),
  cpio: headed('070707'),
  lha: headed('\x20\x10-lh5-'),
  ace: headed('\x10\x20\x31\0\0\0\x90**ACE**'),
};

for (const [kind, bytes] of Object.entries(ARCHIVES)) {
  test(`${kind} is an archive under whichever name, and inside of another one`, async () => {
    for (const name of ['x.7z', 'x', 'x.dat', 'x.mp3']) {
      assert.deepEqual(await found(name, bytes), [`archive  by its first bytes: ${kind}`], name);
    }
    assert.match((await found('x.joblib', bytes)).join(), /Python unpacks to run the pickle/);
    for (const name of ['model.safetensors', 'config.json', 'README.md', 'a.png', 'model.onnx']) {
      const rules = await found(name, bytes);
      assert.ok(rules.includes(`archive  by its first bytes: ${kind}`), `${name}: ${rules}`);
      assert.ok(rules.includes(`wrong-name  the content is ${kind}`), `${name}: ${rules}`);
    }
    const inside = await found('x.zip', zipFile([{ name: 'a.txt', data: bytes }]));
    assert.ok(inside.includes(`archive a.txt by its first bytes: ${kind}`), inside.join());
  });
}

test('a frame that is skipped hides no packed pickle', async () => {
  const pickle = zstdCompressSync(maliciousPickle(new Random(1)));
  const skipped = concat([latin1('\x50\x2a\x4d\x18\x04\0\0\0abcd'), pickle]);
  assert.match((await found('x.pkl', skipped)).join(), /pickle-code zstd/);
});

test('a text that begins like an archive is a text', async () => {
  for (const text of ['LZIP is a format', 'xar! said he', 'hsqs', '070707 is a number', 'MSCF'])
    assert.deepEqual(await found('README.md', latin1(text)), [], text);
});
