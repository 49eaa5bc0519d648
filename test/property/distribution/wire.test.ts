import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { BitorchError } from '#base';
import {
  encodeBitfield,
  encodeBlockHeader,
  encodeExtensionHandshake,
  encodeHandshake,
  encodeHaves,
  encodeRequests,
  encodeSignal,
  type WireMessage,
  WireParser,
} from '../../../src/distribution/swarm/wire.ts';

const word = fc.nat(0xffffffff);
const handshake = {
  infohash: new Uint8Array(20).fill(1),
  peerId: new Uint8Array(20).fill(2),
  extended: true,
};

const message: fc.Arbitrary<WireMessage> = fc.oneof(
  fc
    .constantFrom('keep-alive', 'choke', 'unchoke', 'interested', 'not-interested')
    .map((type) => ({ type }) as WireMessage),
  fc.record({ type: fc.constant('have' as const), index: word }),
  fc.record({ type: fc.constant('bitfield' as const), bits: fc.uint8Array({ maxLength: 300 }) }),
  fc.record({ type: fc.constantFrom('request' as const, 'cancel'), index: word, begin: word, length: word }),
  fc.record({
    type: fc.constant('piece' as const),
    index: word,
    begin: word,
    block: fc.uint8Array({ minLength: 1, maxLength: 300 }),
  }),
  fc.record({
    type: fc.constant('extension-handshake' as const),
    payload: fc.uint8Array({ maxLength: 300 }),
  }),
);

function encode(m: WireMessage): Uint8Array {
  if (m.type === 'have') return encodeHaves([m.index]);
  if (m.type === 'bitfield') return encodeBitfield(m.bits);
  if (m.type === 'request' || m.type === 'cancel') return encodeRequests(m.type, [m]);
  if (m.type === 'piece')
    return Buffer.concat([encodeBlockHeader({ ...m, length: m.block.length }), m.block]);
  if (m.type === 'extension-handshake') return encodeExtensionHandshake(m.payload);
  if (m.type === 'unknown') throw new Error('not sent');
  return encodeSignal(m.type);
}

/** Parses chunks in one buffer that is overwritten after each, as the swarm's read buffer is. */
function parse(chunks: Uint8Array[]): WireMessage[] {
  const messages: WireMessage[] = [];
  const parser = new WireParser({
    onHandshake: (greeting) => assert.deepEqual(greeting, handshake),
    onMessage: (m) => messages.push(structuredClone(m)),
  });
  const shared = Buffer.alloc(Math.max(...chunks.map(({ length }) => length), 1));
  for (const chunk of chunks) {
    shared.set(chunk);
    parser.push(shared.subarray(0, chunk.length));
    shared.fill(0xee);
  }
  return messages.map((m) => {
    if (m.type === 'piece') return { ...m, block: new Uint8Array(m.block) };
    if (m.type === 'extension-handshake') return { ...m, payload: new Uint8Array(m.payload) };
    return m.type === 'bitfield' ? { ...m, bits: new Uint8Array(m.bits) } : m;
  });
}

function cut(bytes: Uint8Array, places: number[]): Uint8Array[] {
  const borders = [
    0,
    ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b),
    bytes.length,
  ];
  return borders.slice(1).map((end, n) => bytes.subarray(borders[n], end));
}

test('messages survive every way of being cut into chunks', () => {
  fc.assert(
    fc.property(
      fc.array(message, { maxLength: 12 }),
      fc.array(fc.nat(), { maxLength: 20 }),
      (messages, places) => {
        const bytes = Buffer.concat([encodeHandshake(handshake), ...messages.map(encode)]);
        assert.deepEqual(
          parse(cut(bytes, places)),
          messages.map((m) => ({ ...m })),
        );
      },
    ),
    { numRuns: 300 },
  );
});

test('messages survive byte by byte', () => {
  const messages: WireMessage[] = [{ type: 'keep-alive' }, { type: 'have', index: 5 }, { type: 'unchoke' }];
  const bytes = Buffer.concat([encodeHandshake(handshake), ...messages.map(encode)]);
  assert.deepEqual(parse(Array.from(bytes, (byte) => Uint8Array.of(byte))), messages);
});

test('random bytes after the handshake end in messages or WIRE_INVALID, with bounded memory', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2000 }), fc.array(fc.nat(), { maxLength: 5 }), (noise, places) => {
      try {
        parse(cut(Buffer.concat([encodeHandshake(handshake), noise]), places));
      } catch (error) {
        assert.equal((error as BitorchError).code, 'WIRE_INVALID');
      }
    }),
    { numRuns: 500 },
  );
});

test('unknown messages are passed over, too long ones and wrong lengths are refused', () => {
  const after = (hex: string) => parse([encodeHandshake(handshake), Buffer.from(hex, 'hex')]);
  assert.deepEqual(after('0000000314abcd'), [{ type: 'unknown', id: 20 }]);
  for (const hex of ['ffffffff', '7fffffff04', '000000020100', '000000060400000001ff', '0000000107']) {
    assert.throws(() => after(hex), { code: 'WIRE_INVALID' }, hex);
  }
  assert.throws(() => parse([new Uint8Array(68)]), { code: 'WIRE_INVALID' });
});
