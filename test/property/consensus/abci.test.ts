import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Request, Response } from 'cosmjs-types/tendermint/abci/types';
import fc from 'fast-check';
import { concat } from '#base';
import { Dispatch } from '../../../src/consensus/abci/dispatch.ts';
import { FrameReader, frame } from '../../../src/consensus/abci/frames.ts';
import { TestChain } from '../../support/consensus/application.ts';

test('messages come out as they went in, however the stream is cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 8 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 300 })),
      (messages, cuts) => {
        const stream = concat(messages.map(frame));
        const reader = new FrameReader(400);
        const read: Uint8Array[] = [];
        for (let at = 0; at < stream.length; ) {
          const length = cuts.next().value as number;
          read.push(...reader.push(stream.subarray(at, at + length)));
          at += length;
        }
        assert.deepEqual(read, messages);
      },
    ),
  );
});

test('a stream of anything gives messages within the limit or ABCI_INVALID', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 30 })), (pieces) => {
      const reader = new FrameReader(20);
      try {
        for (const piece of pieces) for (const message of reader.push(piece)) assert.ok(message.length <= 20);
      } catch (error) {
        assert.equal((error as { code: string }).code, 'ABCI_INVALID');
      }
    }),
  );
});

test('a prefix may not be longer than its number needs five bytes for', () => {
  const overlong = Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x80, 0);
  assert.throws(() => [...new FrameReader(10).push(overlong)], { code: 'ABCI_INVALID' });
  assert.throws(() => [...new FrameReader(10).push(Uint8Array.of(11))], { code: 'ABCI_INVALID' });
});

test('a message of anything is a request that is answered, or an error', async () => {
  const { application } = await TestChain.begun();
  const dispatch = new Dispatch(application);
  const known = [
    { info: {} },
    { query: { path: '/status' } },
    { checkTx: { tx: Uint8Array.of(1, 2, 3) } },
    { offerSnapshot: {} },
    { finalizeBlock: { height: 1n, txs: [Uint8Array.of(1)] } },
    { processProposal: { height: 1n } },
  ].map((request) => Request.encode(Request.fromPartial(request as never)).finish());
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc
      .tuple(fc.constantFrom(...known), fc.nat(), fc.integer({ min: 0, max: 255 }))
      .map(([message, at, byte]) => {
        const bent = message.slice();
        bent[at % bent.length] = byte;
        return bent;
      }),
  );
  await fc.assert(
    fc.asyncProperty(bytes, async (message) => {
      try {
        Response.decode(await dispatch.answer(Request.decode(message)));
      } catch (error) {
        assert.ok(error instanceof Error);
      }
    }),
    { numRuns: 300 },
  );
});
