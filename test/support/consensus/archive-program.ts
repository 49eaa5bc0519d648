/**
 * A node that archives votes with each block until it is killed: `argv[2]` is its store. Prints the height after each block.
 * `bad` prevotes for a block named after the height.
 */
import { sha256, utf8 } from '#base';
import { openLmdbStore } from '#store';
import { signBallot, type Vote } from '../../../src/consensus/blocks/index.ts';
import { ChainStore } from '../../../src/consensus/chain-store.ts';
import { PREVOTE } from '../../../src/consensus/constants.ts';
import { firstVotes } from '../../../src/consensus/evidence/index.ts';
import { HeightRecord } from '../../../src/consensus/height-record.ts';
import { CHAIN_ID, chainOf, keysOf, setOf } from './headers.ts';

const four = keysOf('a', 'b', 'c', 'd');
export const set = setOf(four);
export const bad = four[1]!;

export function prevoteOf(height: number, name: string): Vote {
  const ballot = { height, round: 0, kind: PREVOTE, block: sha256(utf8(name)) } as const;
  return signBallot(CHAIN_ID, ballot, set.placeOf(bad.publicKey), bad);
}

if (import.meta.main) {
  const store = new ChainStore(openLmdbStore(process.argv[2]!, 2 ** 26));
  store.begin(new Uint8Array(32), [set, set]);
  for (const { block, light } of chainOf(60, () => four)) {
    const { height } = block.header;
    const record = new HeightRecord(height - 1, set);
    if (height > 1) record.addVote(prevoteOf(height - 1, `${height - 1}`));
    const votesBefore = firstVotes(record, block.lastCommit, CHAIN_ID);
    store.append({
      block,
      commit: light.commit,
      appHash: light.header.appHash,
      validators: set,
      votesBefore,
    });
    console.log(height);
  }
  // Only a kill ends it.
  setInterval(() => undefined, 60_000);
}
