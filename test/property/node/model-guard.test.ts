import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createLog, encodeCanonical } from '#base';
import type { Host } from '#network';
import type { Directory, KnownNode } from '../../../src/node/peers/directory.ts';
import { ModelGuard } from '../../../src/node/security/model-guard.ts';
import { attest, authority } from '../../support/attestation.ts';
import { temporaryDirectory } from '../../support/swarm.ts';

const log = createLog('silent');
const alice = await authority(1);

/** What a node says that was asked about models, and what somebody gossips of them: from nonsense to words that are signed. */
const bytes = fc.uint8Array({ maxLength: 80 });
const nonsense = fc.oneof(
  fc.constantFrom(undefined, null, 7, '', {}, [], [{}], [null], {
    authority: 'x',
    sealed: new Uint8Array(3),
  }),
  fc.array(fc.record({ authority: fc.string({ maxLength: 70 }), sealed: bytes }), { maxLength: 3 }),
);
const word = fc
  .record({
    manifest: fc.nat(2),
    time: fc.oneof(fc.nat(), fc.maxSafeNat()),
    verdict: fc.constantFrom('cleared' as const, 'quarantined' as const),
    flip: fc.option(fc.nat(60)),
  })
  .map(({ manifest, time, verdict, flip }) => {
    const sealed = attest(alice, { manifest: new Uint8Array(32).fill(manifest), time, verdict });
    if (flip !== null) sealed.sealed[flip]! ^= 1;
    return sealed;
  });
const answer = fc.oneof(nonsense, fc.array(word, { maxLength: 3 }), fc.constant('rejects' as const));

test('whatever nodes answer and gossip about models, the guard and its timer go on, and only signed words count', async (t) => {
  const home = await temporaryDirectory(t);
  let made = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(answer, fc.oneof(bytes, word.map(encodeCanonical))), { maxLength: 8 }),
      async (events) => {
        let [said, hear] = [undefined as unknown, (_: Uint8Array): string => ''];
        const host = {
          id: 'self',
          subscribe: (_: string, validate: typeof hear) => {
            hear = validate;
          },
          answer: async () => undefined,
          publish: async () => undefined,
          request: async () => {
            if (said === 'rejects') throw new Error('gone');
            return said;
          },
        } as unknown as Host;
        const node = { id: alice.id, reachable: true, addresses: [] } as unknown as KnownNode;
        const directory = {
          find: (id: string) => (id === alice.id ? node : undefined),
          holdersOf: () => [node],
          nodes: () => [node],
          nameOf: (id: string) => id,
        } as unknown as Directory;
        const options = { home: `${home}/${made++}`, trust: [alice.id], unproven: 'pending' } as const;
        const guard = new ModelGuard(options, {
          host,
          directory,
          log,
        });
        await guard.start();
        try {
          for (const [answered, gossiped] of events) {
            said = answered;
            assert.match(hear(gossiped), /^(accept|ignore|reject)$/);
            await guard.ask('00'.repeat(32));
            for (const id of guard.clearance.manifests())
              for (const about of guard.clearance.about(id)) guard.clearance.confirm(about);
            await guard.recheck();
          }
          for (const id of guard.clearance.manifests()) {
            assert.match(id, /^(00|01|02){32}$/);
            assert.notEqual(guard.clearance.stateOf(id), 'pending');
          }
        } finally {
          await guard.stop();
        }
      },
    ),
    { numRuns: 40 },
  );
});
