import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BitorchError } from '#base';
import { encodeMetainfo, parseMetainfo } from '#distribution';
import { parseAnnounce } from '../../../src/distribution/announce.ts';
import { type BencodeValue, decodeBencode, encodeBencode } from '../../../src/distribution/bencode.ts';

const { value: bencode } = fc.letrec<{ value: BencodeValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.maxSafeInteger().filter((n) => !Object.is(n, -0)),
    fc.uint8Array({ maxLength: 20 }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc
      .array(fc.tuple(fc.uint8Array({ maxLength: 5 }), tie('value')), { maxLength: 4 })
      .map((pairs) => new Map(pairs.map(([key, item]) => [Buffer.from(key).toString('latin1'), item]))),
  ),
}));

/** Bytes with a few of them changed, cut out or put in. */
const mutated = (bytes: Uint8Array) =>
  fc
    .array(fc.tuple(fc.nat(bytes.length), fc.nat(2), fc.uint8Array({ maxLength: 4 })), {
      minLength: 1,
      maxLength: 4,
    })
    .map((edits) => {
      let out = Buffer.from(bytes);
      for (const [at, cut, put] of edits) {
        out = Buffer.concat([out.subarray(0, at), put, out.subarray(Math.min(at + cut, out.length))]);
      }
      return new Uint8Array(out);
    });

const limits = { maxBytes: 1 << 20 };

test('bencode: what is written is read back, and what is read has one spelling', () => {
  fc.assert(
    fc.property(bencode, (value) => {
      const bytes = encodeBencode(value);
      assert.deepEqual(encodeBencode(decodeBencode(bytes, limits)), bytes);
    }),
  );
  fc.assert(
    fc.property(
      bencode.chain((value) => mutated(encodeBencode(value))),
      (bytes) => {
        try {
          assert.deepEqual(encodeBencode(decodeBencode(bytes, limits)), bytes);
        } catch (error) {
          assert.equal((error as BitorchError).code, 'BENCODE_INVALID');
        }
      },
    ),
    { numRuns: 500 },
  );
});

const torrent = encodeMetainfo(
  {
    name: 'model',
    pieceLength: 65536,
    pieces: new Uint8Array(60).fill(7),
    files: [
      { path: 'a.gguf', length: 100_000 },
      { path: 'sub/b.json', length: 50_000 },
    ],
  },
  ['http://127.0.0.1:6969/announce'],
);

test('metainfo: any damage is refused with a code, or still a sound torrent', () => {
  fc.assert(
    fc.property(mutated(torrent.bytes), (bytes) => {
      try {
        const parsed = parseMetainfo(bytes);
        assert.equal(parsed.pieces.length, Math.ceil(parsed.length / parsed.pieceLength) * 20);
        for (const { path } of parsed.files) assert.doesNotMatch(path, /(^|\/)\.\.?(\/|$)|^\//);
      } catch (error) {
        assert.ok(error instanceof BitorchError, String(error));
      }
    }),
    { numRuns: 1000 },
  );
});

test('tracker answers: any bytes give peers or an error', () => {
  const answer = encodeBencode(
    new Map<string, BencodeValue>([
      ['interval', 60],
      ['peers', new Uint8Array(12).fill(9)],
    ]),
  );
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array(), mutated(answer)), (bytes) => {
      try {
        for (const { port } of parseAnnounce(bytes).peers) assert.ok(port > 0 && port < 65536);
      } catch (error) {
        assert.ok(error instanceof Error);
      }
    }),
  );
});
