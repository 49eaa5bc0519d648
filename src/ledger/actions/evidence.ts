import { key, validatorOf } from '../accounts/index.ts';
import { byteOf, fixed, integer, list, struct } from '../codec/index.ts';
import { SIGNATURE_BYTES } from '../constants.ts';
import { require } from '../errors.ts';
import { isPunishable, punishEquivocation } from '../state/slashing.ts';
import { isVoteOf } from '../vote.ts';
import { defineAction } from './action.ts';

/**
 * Two votes of one validator for different blocks in the same step. It loses a part of its pool and of what has
 * been withdrawn from it since, and is out for ever. The proof is its own authorisation: whoever has seen both votes can hand it in,
 * without money, and nobody is paid for it.
 */
export const evidence = defineAction({
  type: 10,
  free: true,
  codec: struct({
    validator: key,
    height: integer(1),
    round: integer(0, 2 ** 31),
    kind: byteOf(1, 2),
    /** In ascending order of `block`. */
    votes: list(struct({ block: fixed(32), signature: fixed(SIGNATURE_BYTES) }), 2, 2),
  }),
  legs: () => ({ deposit: 0n, release: 0n }),
  signers: () => [],
  apply({ validator, votes, ...step }, context) {
    const { view, height, parameters } = context;
    const [first, second] = [votes[0]!, votes[1]!];
    require(Buffer.compare(first.block, second.block) < 0, 'the votes agree, or are not in order');
    require(step.height <= height &&
      step.height + parameters.unbondingBlocks > height, 'too old, or not yet');
    require(isPunishable(validatorOf(view, validator), step.height), 'the validator is out already');
    for (const { block, signature } of votes) {
      const vote = { chainId: parameters.chainId, ...step, block };
      require(isVoteOf(vote, signature, validator), 'a vote is not signed by the validator');
    }
    punishEquivocation(context, validator, step.height);
  },
});
