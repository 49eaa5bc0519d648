import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { createLog } from '#base';
import type { Host, PeerAddress } from '#network';
import { Contacts } from '../../../src/consensus/contacts.ts';

/** Contacts of a node whose connections a test makes and cuts, and whom they dialed. */
function contactsOf(named: readonly string[]) {
  const connected = new Set<string>();
  const dialed: string[] = [];
  const host = {
    id: 'self',
    get connected() {
      return [...connected];
    },
    connect: async (to: PeerAddress | string) => {
      dialed.push(typeof to === 'string' ? to : to.id);
      throw new Error('nobody is there');
    },
  } as unknown as Host;
  return { contacts: new Contacts(named, { host, log: createLog('silent') }), connected, dialed };
}

test('a node of the chain that was met is dialed when it is gone, as a contact is', () => {
  mock.timers.enable({ apis: ['setInterval'] });
  const { contacts, connected, dialed } = contactsOf(['/ip4/127.0.0.1/tcp/1/p2p/named']);
  connected.add('named').add('met').add('stranger');
  contacts.start();
  contacts.met('met');
  mock.timers.tick(1_000);
  assert.deepEqual(dialed, []);
  connected.clear();
  mock.timers.tick(500);
  assert.deepEqual(dialed, ['/ip4/127.0.0.1/tcp/1/p2p/named', 'met']);
  contacts.stop();
  mock.timers.reset();
});

test('of nodes that were met only the last forty are dialed', () => {
  mock.timers.enable({ apis: ['setInterval'] });
  const { contacts, dialed } = contactsOf([]);
  contacts.start();
  for (let i = 0; i < 1_000; i++) contacts.met(`node ${i}`);
  mock.timers.tick(500);
  assert.deepEqual(
    dialed,
    Array.from({ length: 40 }, (_, i) => `node ${960 + i}`),
  );
  contacts.stop();
  mock.timers.reset();
});
