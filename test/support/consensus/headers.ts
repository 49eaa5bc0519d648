import { sha256, utf8 } from '#base';
import { SigningKey } from '#crypto';
import {
  type Block,
  blockId,
  type Commit,
  certificateOf,
  commitFrom,
  makeBlock,
  signBallot,
  ValidatorSet,
} from '../../../src/consensus/blocks/index.ts';
import { NIL, PRECOMMIT } from '../../../src/consensus/constants.ts';
import type { LightBlock } from '../../../src/consensus/sync/messages.ts';

export const CHAIN_ID = new Uint8Array(32).fill(7);
export const FIRST_TIME = 1_764_000_000_000;

export const keysOf = (...names: string[]): SigningKey[] =>
  names.map((name) => new SigningKey(sha256(utf8(name))));

export const setOf = (keys: readonly SigningKey[]): ValidatorSet =>
  ValidatorSet.of(keys.map(({ publicKey }) => ({ key: publicKey, power: 10 })));

/** Precommits of these validators for a block. */
export function commitOf(
  block: Block,
  set: ValidatorSet,
  signers: readonly SigningKey[],
  round = 0,
  chainId: Uint8Array = CHAIN_ID,
): Commit {
  const { height } = block.header;
  const id = blockId(block.header);
  const votes = signers.map((key) =>
    signBallot(chainId, { height, round, kind: PRECOMMIT, block: id }, set.placeOf(key.publicKey), key),
  );
  return commitFrom(certificateOf(votes), chainId, set);
}

export interface Link {
  readonly block: Block;
  readonly light: LightBlock;
}

/**
 * A chain of headers whose height h is signed by the keys of `keysAt(h)`, a second apart. One with a `stem` goes on from
 * there, with transactions of its own.
 */
export function chainOf(
  length: number,
  keysAt: (height: number) => readonly SigningKey[],
  stem: readonly Link[] = [],
): Link[] {
  const links: Link[] = [...stem];
  let lastCommit: Commit | undefined = stem.at(-1)?.light.commit;
  let previous: Uint8Array = lastCommit?.block ?? NIL;
  const transactions = stem.length > 0 ? [utf8('a branch')] : [];
  for (let height = stem.length + 1; height <= length; height++) {
    const validators = setOf(keysAt(height));
    const nextValidators = setOf(keysAt(height + 1));
    const block = makeBlock({
      chainId: CHAIN_ID,
      height,
      time: FIRST_TIME + 1000 * height,
      previous,
      lastCommit,
      transactions,
      validators: validators.hash,
      nextValidators: nextValidators.hash,
      appHash: sha256(utf8(`state ${height - 1}`)),
      proposer: validators.proposer(0).key,
    });
    const commit = commitOf(block, validators, keysAt(height));
    links.push({ block, light: { header: block.header, commit, validators, nextValidators } });
    previous = commit.block;
    lastCommit = commit;
  }
  return links;
}
