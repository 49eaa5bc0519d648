import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cleanPiece } from '#base';
import { formatFacts } from '../../../src/cli/chat.ts';
import { type Chunk, chunksOf } from '../../../src/cli/completion-stream.ts';
import { HOPS } from '../../support/scripted-node.ts';

async function chunksIn(text: string, size: number): Promise<Chunk[]> {
  const bytes = new TextEncoder().encode(text);
  async function* pieces() {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }
  const chunks: Chunk[] = [];
  for await (const chunk of chunksOf(pieces())) chunks.push(chunk);
  return chunks;
}

const saying = (content: string) => `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`;

test('chunks are read wherever the network cuts them', async () => {
  const stream = `:\n\n${saying('Größe ')}${saying('🎉')}data: [DONE]\n\n`;
  for (const size of [1, 3, 7, 1000]) {
    const texts = (await chunksIn(stream, size)).map(({ choices }) => choices![0]!.delta!.content);
    assert.deepEqual(texts, ['Größe ', '🎉']);
  }
});

test('an error in the stream is thrown with its code', async () => {
  const error = { message: 'the stage is gone', code: 'SESSION_LOST' };
  await assert.rejects(chunksIn(`${saying('a')}data: ${JSON.stringify({ error })}\n\n`, 9), {
    code: 'SESSION_LOST',
    message: 'the stage is gone',
  });
});

test('pieces of an answer keep their spaces and lose control characters', () => {
  assert.equal(cleanPiece(' Paris\n\tis '), ' Paris\n\tis ');
  assert.equal(cleanPiece('\x1b]0;title\x07a\r\nb\u202e'), ']0;titlea\nb');
});

test('the route of an answer is one line', () => {
  assert.equal(
    formatFacts({ hops: HOPS, tokens: 42, tokensPerSecond: 41.37 }),
    'ember → birch → cedar · 42 tokens · 41.4 tokens/s',
  );
  assert.equal(formatFacts({ hops: [] }), '');
});
