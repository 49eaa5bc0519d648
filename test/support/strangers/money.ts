/** A stranger with a wallet: it spends the same money twice, changes what it signed, and pays too little. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { createLog } from '#base';
import { LightFollower } from '#consensus';
import { defaultCurve, SigningKey } from '#crypto';
import { TORCH, Wallet, wordsOf } from '#ledger';
import { Host } from '#network';
import { RemotePeer } from '../../../src/consensus/light/light-peer.ts';
import { ChainVoice } from './chain-voice.ts';
import { meetAll, pause, type Scene } from './scene.ts';

/** What became of what it handed in, by code. */
export type Refusals = Map<string, number>;

/**
 * Takes its money from the public faucet, like anybody. Goes on until the signal aborts.
 *
 * @param refusals counts what the nodes answered
 */
export async function spendTwice(scene: Scene, refusals: Refusals): Promise<void> {
  const { world, random, signal } = scene;
  const { genesis, contacts, trust } = world.chain!;
  const log = createLog('silent');
  const host = await Host.start({ key: new SigningKey(random.bytes(32)), listen: [] }, { log });
  try {
    const voice = await ChainVoice.on(host, genesis);
    const home = join(world.folder, randomUUID());
    const following = await LightFollower.of({ home, genesis, contacts, trust }, { host, log });
    const chain = await following.open();
    const { faucet, parameters } = voice.genesis;
    const curve = defaultCurve();
    const wallet = Wallet.restore(wordsOf(faucet.entropy), { network: parameters.network, curve });
    const peers = await meetAll(scene, host, contacts);
    for (const peer of peers) await voice.open(peer).catch(() => undefined);
    const doors = peers.map(({ id }) => new RemotePeer(id, { host }));
    const handIn = async (door: RemotePeer, bytes: Uint8Array) => {
      const said = await door
        .checkTx({ bytes })
        .then(({ code, log }) => (code === 0 ? 'taken' : log.slice(0, 40)));
      refusals.set(said, (refusals.get(said) ?? 0) + 1);
    };
    while (!signal.aborted) {
      await wallet.scan(chain, { signal });
      const order = { payments: [{ to: wallet.address(), amount: TORCH }], again: true };
      const plan = await wallet.plan(order, chain);
      const [one, two] = [await wallet.sign(plan, chain), await wallet.sign(plan, chain)];
      for (const [i, door] of doors.entries())
        await handIn(door, (i % 2 === 0 ? one : two).bytes).catch(() => undefined);
      for (const [i, { id }] of peers.entries())
        await voice.say({ type: 'stem', value: (i % 2 === 0 ? two : one).bytes }, id);
      for (let i = 0; i < 10; i++) {
        const bytes = one.bytes.slice();
        bytes[random.below(bytes.length)]! ^= 1 << random.below(8);
        if (random.chance(2)) await voice.say({ type: 'stem', value: bytes });
        else await handIn(random.pick(doors), bytes).catch(() => undefined);
      }
      await pause(3_000, signal);
    }
  } finally {
    await host.stop();
  }
}
