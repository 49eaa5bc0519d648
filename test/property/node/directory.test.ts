import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Scope } from '#network';
import { type Announcement, HOLDERS_PROTOCOL, sealDelta } from '../../../src/node/peers/announcement.ts';
import { announce, directoryWorld, type Identity, identity, question } from '../../support/announcing.ts';

const text = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 30 }),
  fc.constantFrom('\0', '/ip4/\0/tcp/1', '127.0.0.1'),
);
const multiaddr = fc
  .tuple(
    fc.constantFrom('ip4', 'ip6', 'dns', 'dns4', 'tcp', ''),
    text,
    fc.constantFrom('tcp', 'udp', '\0'),
    fc.integer(),
  )
  .map((parts) => `/${parts.join('/')}`);
const count = fc.maxSafeNat();
const garbageTime = fc.oneof(
  count,
  fc.integer({ min: -700_000, max: 200_000 }).map((off) => Date.now() + off),
);
const manifest = fc.uint8Array({ minLength: 32, maxLength: 32 });
const manifests = fc.array(manifest, { maxLength: 5 });
const holdings = fc.array(
  fc.record({
    manifest,
    bytesHave: count,
    bytesTotal: count,
    blocks: fc.option(fc.tuple(count, count)),
  }),
  { maxLength: 5 },
);
const garbage: fc.Arbitrary<Partial<Announcement>> = fc.record(
  {
    name: text,
    addresses: fc.array(fc.oneof(text, multiaddr), { maxLength: 16 }),
    time: garbageTime,
    swarmPort: fc.integer({ min: 0, max: 65_535 }),
    page: fc.nat(20),
    pages: fc.nat(20),
    holdings,
  },
  { requiredKeys: [] },
);
const scope = fc.constantFrom<Scope>('loopback', 'link-local', 'private', 'public');

test('whatever peers announce, nothing throws in an event or a timer, and what is known can be shown and dialled', async () => {
  const people: Identity[] = await Promise.all(Array.from({ length: 6 }, identity));
  const event = fc.record({
    who: fc.nat(5),
    from: fc.nat(5),
    scope,
    what: garbage,
    raw: fc.uint8Array({ maxLength: 80 }),
    time: count,
    change: fc.record({ time: garbageTime, changed: holdings, gone: manifests }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 20 }), async (events) => {
      const world = await directoryWorld();
      for (const { who, from, scope, what, raw, change, time } of events) {
        const [node, peer] = [people[who]!, people[from]!];
        world.connect(peer.id, scope);
        const word = {
          ...announce(node, what),
          delta: sealDelta({ ...change, base: what.time ?? time }, node.key),
        };
        await world.hear(word, peer.id);
        await world.hear(raw, peer.id);
        await world.hear({ id: peer.id, pages: [raw], delta: raw }, peer.id);
        await world
          .meet(question(word, { known: raw }), peer.id)
          .catch((error) => assert.equal(typeof error.code, 'string'));
        await world
          .ask(HOLDERS_PROTOCOL, { manifest: raw, block: time }, peer.id)
          .catch((error) => assert.equal(typeof error.code, 'string'));
        if (who === from) world.disconnect(peer.id);
        world.directory.announce();
        world.directory.changed();
        for (const { name, addresses, id } of world.directory.nodes()) {
          assert.doesNotMatch(name, /[\p{Cc}\p{Cf}]/u);
          assert.equal(world.directory.nameOf(id), name);
          for (const address of addresses)
            assert.match(address, /^\/(ip4|ip6|dns)\/[a-z0-9.:-]+\/tcp\/[1-9]\d*$/);
        }
        world.directory.mostHeld(10).flatMap((id) => world.directory.holdersOf(id));
      }
      world.directory.stop();
    }),
    { numRuns: 30 },
  );
});
