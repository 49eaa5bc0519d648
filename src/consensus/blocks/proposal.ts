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

/** A round before this one, or −1 for none: spelled one higher. */
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
  /** The round whose prevotes make this block proposable again; −1 for a new block. */
  validRound: earlierRound,
  block: fixed(HASH_BYTES),
  /** Of the block's parts: see `PartSet`. */
  partsRoot: fixed(HASH_BYTES),
  parts: integer(1, MAX_PARTS),
  /** The block's time, so that the timeliness can be judged before its parts are here. */
  time: integer(0),
};

const signedCodec = struct({ chainId: fixed(CHAIN_ID_BYTES), ...body });
const wireCodec = struct({ ...body, signature: fixed(SIGNATURE_BYTES) });

export type Proposal = Decoded<typeof wireCodec>;

/** Refuses a valid round that is not before the round. */
export const proposalCodec: Codec<Proposal> = {
  write: (out, proposal) => wireCodec.write(out, proposal),
  read(input) {
    const proposal = wireCodec.read(input);
    const { round, validRound } = proposal;
    ensure(validRound < round, 'BLOCK_INVALID', 'a proposal names a valid round that is not before it', {
      round,
      validRound,
    });
    return proposal;
  },
};

/** No proposal is longer. */
export const MAX_PROPOSAL_BYTES = 8 + 5 + 5 + 2 * HASH_BYTES + 2 + 8 + SIGNATURE_BYTES;

const PURPOSE = 'proposal';

export function signProposal(
  chainId: Uint8Array,
  proposal: Omit<Proposal, 'signature'>,
  key: SigningKey,
): Proposal {
  return { ...proposal, signature: key.sign(PURPOSE, proposalBytes(chainId, proposal)) };
}

/** What a proposal signs, with the purpose `proposal`. */
export const proposalBytes = (chainId: Uint8Array, proposal: Omit<Proposal, 'signature'>): Uint8Array =>
  encode(signedCodec, { chainId, ...proposal });

/** What has to be verified of a proposal: it is signed by the proposer of its round. */
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
