import type { SigningKey } from '#crypto';
import {
  CHAIN_ID_BYTES,
  type Codec,
  type Decoded,
  encode,
  fixed,
  integer,
  SIGNATURE_BYTES,
  struct,
} from '#ledger';
import { HASH_BYTES, MAX_PARTS, MAX_ROUND } from '../constants.ts';
import { ensure } from '../errors.ts';
import type { SignedMessage } from './signatures.ts';
import type { ValidatorSet } from './validators.ts';

/** A round before this one, or −1 for none; encoded one higher. */
const earlierRound: Codec<number> = (() => {
  const raised = integer(0, MAX_ROUND);
  return {
    write: (out, value) => raised.write(out, value + 1),
    read: (input) => raised.read(input) - 1,
  };
})();

const body = {
  height: integer(1),
  round: integer(0, MAX_ROUND),
  /** Round whose prevotes allow proposing this block again; −1 for a new block. */
  validRound: earlierRound,
  block: fixed(HASH_BYTES),
  /** Merkle root of the block's parts, see `PartSet`. */
  partsRoot: fixed(HASH_BYTES),
  parts: integer(1, MAX_PARTS),
  /** The block's time, so that timeliness can be checked before the parts arrive. */
  time: integer(0),
};

const signedCodec = struct({ chainId: fixed(CHAIN_ID_BYTES), ...body });
const wireCodec = struct({ ...body, signature: fixed(SIGNATURE_BYTES) });

export type Proposal = Decoded<typeof wireCodec>;

/** Rejects a valid round that is not before the round. */
export const proposalCodec: Codec<Proposal> = {
  write: (out, proposal) => wireCodec.write(out, proposal),
  read(input) {
    const proposal = wireCodec.read(input);
    const { round, validRound } = proposal;
    ensure(validRound < round, 'BLOCK_INVALID', 'the valid round of a proposal is not before its round', {
      round,
      validRound,
    });
    return proposal;
  },
};

/** Longest encoded proposal, in bytes. */
export const MAX_PROPOSAL_BYTES = 8 + 5 + 5 + 2 * HASH_BYTES + 2 + 8 + SIGNATURE_BYTES;

const PURPOSE = 'proposal';

export function signProposal(
  chainId: Uint8Array,
  proposal: Omit<Proposal, 'signature'>,
  key: SigningKey,
): Proposal {
  return { ...proposal, signature: key.sign(PURPOSE, proposalBytes(chainId, proposal)) };
}

/** The bytes that a proposal's signature covers, with purpose `proposal`. */
export const proposalBytes = (chainId: Uint8Array, proposal: Omit<Proposal, 'signature'>): Uint8Array =>
  encode(signedCodec, { chainId, ...proposal });

/** The signature to verify: that of the proposer of the round. */
export const signedProposal = (
  chainId: Uint8Array,
  proposal: Proposal,
  validators: ValidatorSet,
): SignedMessage => ({
  purpose: PURPOSE,
  message: proposalBytes(chainId, proposal),
  signature: proposal.signature,
  publicKey: validators.proposer(proposal.round).key,
});
