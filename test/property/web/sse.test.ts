import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sseData } from '../../../web/api/sse.ts';

const encoder = new TextEncoder();

const streamOf = (parts: Uint8Array<ArrayBuffer>[]) =>
  new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      for (const part of parts) controller.enqueue(part);
      controller.close();
    },
  });

async function parse(bytes: Uint8Array<ArrayBuffer>, cuts: number[]): Promise<string[]> {
  const ends = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  const parts = [...ends, bytes.length].map((end, i, all) => bytes.subarray(all[i - 1] ?? 0, end));
  const found: string[] = [];
  for await (const data of sseData(streamOf(parts))) found.push(data);
  return found;
}

test('a stream gives the same events however the network cuts it', async () => {
  const value = fc.jsonValue().map((json) => JSON.stringify(json));
  const event = fc.oneof(
    value.map((data) => ({ text: `data: ${data}\n\n`, data: [data] })),
    value.map((data) => ({ text: `event: x\nid: 1\ndata:${data}\n\n`, data: [data] })),
    fc.constant({ text: ':\n\n', data: [] }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(event), fc.array(fc.nat(), { maxLength: 5 }), async (events, cuts) => {
      const bytes = encoder.encode(events.map(({ text }) => text).join(''));
      assert.deepEqual(
        await parse(bytes, cuts),
        events.flatMap(({ data }) => data),
      );
    }),
  );
});

test('lines of one event are joined, an unfinished event is dropped', async () => {
  assert.deepEqual(await parse(encoder.encode('data: a\ndata: b\n\ndata: c'), []), ['a\nb']);
});
