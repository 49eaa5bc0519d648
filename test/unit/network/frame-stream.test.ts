import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BitorchError, Pace } from '#base';
import type { Carrier, Receiver } from '../../../src/network/carrier.ts';
import { FrameStream } from '../../../src/network/frame-stream.ts';
import { localStream } from '../../../src/network/local-stream.ts';

const bytes = (...values: number[]) => Uint8Array.from(values);

test('each hands frames over as they are sent, the next when the one before is dealt with', async () => {
  const [near, far] = localStream('node', 16);
  await near.send(bytes(1));
  const seen: number[] = [];
  const busy = Promise.withResolvers<void>();
  const ended = far.each((frame) => {
    seen.push(frame[0]!);
    return frame[0] === 2 ? busy.promise : undefined;
  });
  assert.deepEqual(seen, [1]);
  void near.send(bytes(2));
  void near.send(bytes(3));
  assert.deepEqual(seen, [1, 2]);
  void near.close();
  busy.resolve();
  await ended;
  assert.deepEqual(seen, [1, 2, 3]);
});

test('each rejects with what its handler throws and with what breaks the stream', async () => {
  const refusal = new BitorchError('FRAME_INVALID', 'not this one');
  const [near, far] = localStream('node', 16);
  const thrown = far.each(() => {
    throw refusal;
  });
  void near.send(bytes(1));
  await assert.rejects(thrown, refusal);

  const [other, end] = localStream('node', 16);
  const rejected = end.each(() => Promise.reject(refusal));
  void other.send(bytes(1));
  await assert.rejects(rejected, refusal);

  const [gone, left] = localStream('node', 16);
  const broken = left.each(() => undefined);
  gone.abort();
  await assert.rejects(broken, { code: 'STREAM_CLOSED' });
});

test('a frame that comes while one is handled waits for its turn', async () => {
  const [near, far] = localStream('node', 16);
  const seen: string[] = [];
  const ended = far.each((frame) => {
    seen.push(`begin ${frame[0]}`);
    if (frame[0] === 1) void near.send(bytes(2));
    seen.push(`end ${frame[0]}`);
    return undefined;
  });
  void near.send(bytes(1));
  void near.send(bytes(3));
  void near.close();
  await ended;
  assert.deepEqual(seen, ['begin 1', 'end 1', 'begin 2', 'end 2', 'begin 3', 'end 3']);
});

test('a stream whose other side takes nothing ends after five minutes', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let aborted: Error | undefined;
  const carrier: Carrier = {
    send: () => false,
    drained: () => new Promise(() => undefined),
    pause: () => undefined,
    resume: () => undefined,
    close: async () => undefined,
    abort: (reason) => {
      aborted = reason;
    },
  };
  const stream = new FrameStream('peer', () => carrier);
  void stream.send(bytes(1));
  t.mock.timers.tick(299_999);
  assert.equal(aborted, undefined);
  t.mock.timers.tick(1);
  assert.equal((aborted as BitorchError | undefined)?.code, 'STREAM_STALLED');
  await assert.rejects(stream.read(), { code: 'STREAM_STALLED' });
});

/** A stream that was brought many frames at once, each of which takes a millisecond to deal with. */
function brought(frames: number) {
  let clock = 0;
  let receiver: Receiver | undefined;
  const carrier: Carrier = {
    send: () => true,
    drained: async () => undefined,
    pause: () => undefined,
    resume: () => undefined,
    close: async () => undefined,
    abort: () => undefined,
  };
  const carry = (given: Receiver) => {
    receiver = given;
    return carrier;
  };
  const stream = new FrameStream('peer', carry, undefined, new Pace({ cpuMs: () => clock }));
  const bring = () => {
    for (let i = 0; i < frames; i++) receiver!.frame(bytes(i % 256));
    receiver!.end();
  };
  /** Frames dealt with in each turn of the event loop. */
  const turns = [0];
  const count = () => {
    turns.push(0);
    if (clock < frames) setImmediate(count);
  };
  setImmediate(count);
  const deal = () => {
    clock++;
    turns[turns.length - 1]!++;
    return undefined;
  };
  return { stream, bring, deal, turns };
}

test('frames that come all at once are read a few in a turn of the event loop', async () => {
  const { stream, bring, deal, turns } = brought(500);
  bring();
  let read = 0;
  for (let frame = await stream.read(); frame; frame = await stream.read()) {
    assert.equal(frame[0], read++ % 256);
    deal();
  }
  assert.equal(read, 500);
  assert.ok(Math.max(...turns) <= 20, `${Math.max(...turns)} in one turn`);
});

test('frames that come all at once are handed over a few in a turn, in their order', async () => {
  const { stream, bring, deal, turns } = brought(500);
  const seen: number[] = [];
  const ended = stream.each((frame) => {
    seen.push(frame[0]!);
    return deal();
  });
  bring();
  await ended;
  assert.deepEqual(
    seen,
    Array.from({ length: 500 }, (_, i) => i % 256),
  );
  assert.ok(Math.max(...turns) <= 20, `${Math.max(...turns)} in one turn`);
});
