import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FrameStream, Host } from '#network';
import { Questions } from '../../../src/consensus/sync/questions.ts';

test('a question over a stream that ends as soon as it is there fails, and does not wait for ever', async () => {
  const stream = {
    read: async () => undefined,
    send: async () => {
      throw new Error('the stream has ended');
    },
    abort: () => undefined,
  } as unknown as FrameStream;
  const host = { open: async () => stream } as unknown as Host;
  const questions = new Questions({ peer: 'peer', protocol: '/test', maxAnswer: 100 }, { host });
  for (let i = 0; i < 3; i++)
    await assert.rejects(questions.ask(new Uint8Array(1)), { code: 'STREAM_CLOSED' });
});
