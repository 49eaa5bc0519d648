import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Connection, Stream, StreamHandler } from '@libp2p/interface';
import { boundedIdentifyPush } from '../../../../src/network/reach/identify-push.ts';

test('a peer that pushes on and on is read eight times, then once in five seconds', async () => {
  let now = 0;
  let handle!: StreamHandler;
  const quiet = Object.assign(() => undefined, { error: () => undefined, trace: () => undefined });
  const components = {
    registrar: {
      handle: async (_protocol: string, handler: StreamHandler) => {
        handle = handler;
      },
    },
    logger: { forComponent: () => quiet },
    events: new EventTarget(),
    nodeInfo: { userAgent: 'test' },
    peerStore: { merge: async () => undefined },
  };
  const service = boundedIdentifyPush(() => now)(components) as {
    start(): Promise<void>;
    handleProtocol: unknown;
  };
  await service.start();
  let aborted = 0;
  const stream = () => {
    const fake = { abort: () => void aborted++, log: { newScope: () => quiet } };
    return new Proxy(fake, {
      get: (target, name) => Reflect.get(target, name) ?? (() => undefined),
    }) as unknown as Stream;
  };
  const connection = { remotePeer: { equals: () => false } } as unknown as Connection;
  const push = () => {
    const before = aborted;
    void Promise.resolve(handle(stream(), connection)).catch(() => undefined);
    return aborted === before;
  };
  assert.equal(Array.from({ length: 100 }, push).filter(Boolean).length, 8);
  now = 5_000;
  assert.deepEqual([push(), push()], [true, false]);
});
