import { key, oneTimeCodec, validatorOf, validators } from '../accounts/index.ts';
import { amount, byteOf, fixed, integer, list, struct } from '../codec/index.ts';
import { SIGNATURE_BYTES, WHOLE } from '../constants.ts';
import { require } from '../errors.ts';
import { slashForEquivocation } from '../state/slashing.ts';
import { isVoteOf } from '../vote.ts';
import { defineAction, requireOneTime } from './action.ts';

/**
 * Two votes of one validator for different blocks in the same step. It loses a part of its pool and of what is being
 * withdrawn, and is out for ever; who reports it first gets some of that, the rest is burned.
 */
export const evidence = defineAction({
  type: 10,
  codec: struct({
    validator: key,
    height: integer(1),
    round: integer(0, 2 ** 31),
    kind: byteOf(1, 2),
    /** In ascending order of `block`. */
    votes: list(struct({ block: fixed(32), signature: fixed(SIGNATURE_BYTES) }), 2, 2),
    /** Where the reporter's part goes. */
    refund: oneTimeCodec,
    /** Out of the reporter's part. */
    fee: amount,
  }),
  legs: (body) => ({ deposit: 0n, release: body.fee }),
  signers: () => [],
  apply(body, { view, height, parameters, curve, burn, refund }) {
    const { votes, round, kind } = body;
    const [first, second] = [votes[0]!, votes[1]!];
    require(Buffer.compare(first.block, second.block) < 0, 'the votes agree, or are not in order');
    require(body.height <= height &&
      body.height + parameters.unbondingBlocks > height, 'too old, or not yet');
    for (const { block, signature } of votes) {
      const vote = { chainId: parameters.chainId, height: body.height, round, kind, block };
      require(isVoteOf(vote, signature, body.validator), 'a vote is not signed by the validator');
    }
    require(validatorOf(view, body.validator).tombstoned === 0, 'the validator is out already');
    requireOneTime(body.refund, curve);
    const taken = slashForEquivocation(view, body.validator, height, parameters);
    const reward = (taken * BigInt(parameters.reporterPart)) / BigInt(WHOLE);
    require(reward >= body.fee, 'the fee is more than the reward');
    validators.bucket.put(view, body.validator, { ...validatorOf(view, body.validator), tombstoned: 1 });
    burn(taken - reward);
    refund(body.refund, reward - body.fee);
  },
});
