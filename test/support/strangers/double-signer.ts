/** A validator that signs two of everything: first proposals, then votes. */
import { createLog, domainHash, fromHex } from '#base';
import { SigningKey } from '#crypto';
import { Host } from '#network';
import { partsOf } from '../../../src/consensus/blocks/parts.ts';
import { signProposal } from '../../../src/consensus/blocks/proposal.ts';
import { signBallot } from '../../../src/consensus/blocks/vote.ts';
import { PRECOMMIT, PREVOTE } from '../../../src/consensus/constants.ts';
import { RemotePeer } from '../../../src/consensus/light/light-peer.ts';
import { ChainVoice } from './chain-voice.ts';
import { meetAll, pause, type Scene } from './scene.ts';

/** How often it proposes two blocks before it votes twice, which takes its power from it. */
const DOUBLE_PROPOSALS = 6;

export interface Doubles {
  proposals: number;
  votes: number;
}

/** Until the signal aborts or it has no power any more. `done` counts the heights and rounds at which it signed two. */
export async function signTwice(scene: Scene, done: Doubles): Promise<void> {
  const { world, random, signal } = scene;
  const key = new SigningKey(fromHex(world.chain!.validator));
  const host = await Host.start(
    { key: new SigningKey(random.bytes(32)), listen: [] },
    { log: createLog('silent') },
  );
  try {
    const voice = await ChainVoice.on(host, world.chain!.genesis);
    const { chainId } = voice.genesis.parameters;
    const peers = await meetAll(scene, host, world.chain!.contacts);
    for (const peer of peers) await voice.open(peer).catch(() => undefined);
    const door = new RemotePeer(peers[0]!.id, { host });
    let last = '';
    while (!signal.aborted) {
      await pause(30, signal);
      const { height, round } = voice.status;
      if (height === 1 || last === `${height}/${round}`) continue;
      last = `${height}/${round}`;
      const set = (await door.light(height - 1))?.nextValidators;
      if (!set) continue;
      const place = set.placeOf(key.publicKey);
      if (place < 0) return;
      const blocks = [0, 1].map((n) => domainHash(`block ${n}`, random.bytes(8)));
      if (set.placeOf(set.proposer(round).key) === place) {
        done.proposals++;
        for (const block of blocks) {
          const { root, total, parts } = partsOf(random.bytes(random.between(1, 200_000)));
          const body = {
            height,
            round,
            validRound: -1,
            block,
            partsRoot: root,
            parts: total,
            time: Date.now(),
          };
          await voice.say({ type: 'proposal', value: signProposal(chainId, body, key) });
          for (const part of parts) await voice.say({ type: 'part', value: { height, root, total, part } });
        }
      }
      if (done.proposals < DOUBLE_PROPOSALS) continue;
      done.votes++;
      for (const kind of [PREVOTE, PRECOMMIT] as const)
        for (const block of blocks) {
          const ballot = { height, round, kind, block };
          await voice.say({ type: 'vote', value: signBallot(chainId, ballot, place, key) });
        }
    }
  } finally {
    await host.stop();
  }
}
