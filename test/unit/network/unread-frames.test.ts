import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Stream } from '@libp2p/interface';
import { Budgets, FrameStream, type Limits } from '#network';
import { MemoryCharge } from '../../../src/network/memory-charge.ts';
import { MuxCarrier } from '../../../src/network/mux-carrier.ts';

/** A multiplexed stream whose other side this test is. */
class Wire extends EventTarget {
  readStatus = 'readable';
  aborted: Error | undefined;

  pause(): void {
    this.readStatus = 'paused';
  }

  resume(): void {
    this.readStatus = 'readable';
  }

  abort(error: Error): void {
    this.aborted = error;
  }

  bring(bytes: Uint8Array): void {
    this.dispatchEvent(Object.assign(new Event('message'), { data: { subarray: () => bytes } }));
  }
}

const budgetOf = (heldBytes: number) => {
  const limits: Limits = { heldBytes, bytesPerSecond: 0, burstBytes: 0, cpuMsPerSecond: 0, burstCpuMs: 0 };
  return new Budgets({ peer: limits, address: limits, all: limits }).of('peer');
};

function unread(maxFrameBytes: number, budget = budgetOf(1 << 30)) {
  const wire = new Wire();
  const memory = new MemoryCharge(budget);
  const carry = (receiver: ConstructorParameters<typeof MuxCarrier>[2]) =>
    new MuxCarrier(wire as unknown as Stream, maxFrameBytes, receiver, memory);
  return { wire, stream: new FrameStream('peer', carry, memory), budget };
}

const frames = (count: number, length: number) => {
  const all = Buffer.alloc(count * (4 + length));
  for (let i = 0; i < count; i++) all.writeUInt32LE(length, i * (4 + length));
  return new Uint8Array(all);
};

test('frames without a byte end their stream, and none of them is kept', async () => {
  const { wire, stream } = unread(1 << 20);
  wire.bring(new Uint8Array(16 << 20));
  assert.equal((wire.aborted as { code?: string })?.code, 'FRAME_EMPTY');
  await assert.rejects(stream.read(), { code: 'FRAME_EMPTY' });
});

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

/** Bytes of the heap that are in use, without garbage of other tests in this process. */
function heapInUse(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

test('unread frames are counted as objects: few bytes are not cut into millions of them', async () => {
  const { wire, stream, budget } = unread(1 << 20);
  const count = 300_000;
  const bytes = frames(count, 1);
  const heap = heapInUse();
  wire.bring(bytes);
  assert.equal(wire.readStatus, 'paused');
  assert.ok(heapInUse() - heap < 16 << 20);
  wire.dispatchEvent(new Event('remoteCloseWrite'));
  let read = 0;
  while (await stream.read()) read++;
  assert.equal(read, count);
  budget.hold((1 << 30) - 256)();
});

test('what streams of a peer leave unread or unfinished is charged to the peer, until they are gone', () => {
  const budget = budgetOf(4 << 20);
  const [one, other] = [unread(8 << 20, budget), unread(8 << 20, budget)];
  one.wire.bring(frames(1, 3 << 20));
  other.wire.bring(frames(1, 2 << 20).subarray(0, -1));
  assert.equal((other.wire.aborted as { code?: string })?.code, 'BUDGET_EXCEEDED');
  assert.equal(one.wire.aborted, undefined);
  one.stream.abort();
  budget.hold((4 << 20) - 256)();
});
