import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import fc from 'fast-check';
import { createLog } from '#base';
import { Contacts, type PeerAddress } from '#network';
import type { ContactsDependencies } from '../../../src/network/contacts.ts';

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom('', '\0', '__proto__', '/p2p/'),
);
/** Whatever a peer says of where it listens. */
const place = fc.oneof(
  fc.record({ id: text, addresses: fc.array(text, { maxLength: 4 }) }),
  fc.constantFrom(undefined, null, {}, { addresses: 7 }, { addresses: null }),
);
const step = fc.record({
  ms: fc.integer({ min: 0, max: 60_000 }),
  peer: fc.nat(5),
  connects: fc.boolean(),
  met: fc.boolean(),
  place: fc.option(place, { nil: 'rejects' as const }),
});

/** What reaches the keeper from announcements has this shape; what identify yields may have any. */
const isAddress = (told: unknown): told is PeerAddress =>
  Array.isArray((told as { addresses?: unknown } | null | undefined)?.addresses);

test('whatever peers say and do, no look at the contacts throws, and each is dialled once at a look', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(text, { minLength: 6, maxLength: 6 }),
      fc.array(step, { maxLength: 20 }),
      async (ids, steps) => {
        mock.timers.enable({ apis: ['setInterval'] });
        const connected = new Set<string>();
        let [now, dials] = [0, 0];
        let said: unknown;
        const host = {
          id: 'self',
          get connected() {
            return [...connected];
          },
          connect: async (to: PeerAddress | string) => {
            dials++;
            throw new Error(`${typeof to} is not there`);
          },
          whereaboutsOf: async () => {
            if (said === 'rejects') throw new Error('no answer');
            return said;
          },
          scopeOf: () => 'public',
          originOf: (id: string) => id,
        } as unknown as ContactsDependencies['host'];
        const contacts = new Contacts({ configured: [] }, { host, log: createLog('silent'), now: () => now });
        try {
          await contacts.start();
          for (const { ms, peer, connects, met, place: told } of steps) {
            said = told;
            const id = ids[peer]!;
            if (connects) connected.add(id);
            else connected.delete(id);
            if (met && connects) contacts.metOnChain(id);
            else if (met && isAddress(told)) contacts.met({ ...(told as PeerAddress), id });
            now += ms;
            mock.timers.tick(500);
            await new Promise((resolve) => setImmediate(resolve));
          }
        } finally {
          await contacts.stop();
          mock.timers.reset();
        }
        assert.ok(dials <= (steps.length + 1) * ids.length);
      },
    ),
    { numRuns: 60 },
  );
});
