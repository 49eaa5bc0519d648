import type { Equivocation } from '#ledger';
import { type Certificate, votesOf } from '../blocks/certificate.ts';
import type { Ballot, Proposal, Vote } from '../blocks/index.ts';

/** The steps of a round that do not last for ever. */
export type WaitingStep = 'propose' | 'prevote' | 'precommit';

/**
 * What becomes of a proposal: `valid`; `untimely`, valid but made by a clock too far from ours, so not voted for
 * unless others already did; `invalid`, never voted for.
 */
export type Verdict = 'valid' | 'untimely' | 'invalid';

/**
 * What the driver is told. Every signature has been verified, and every proposal's block is here and judged, before.
 * An input that made a difference is to be logged before its effects are carried out.
 */
export type Input =
  /** Begin the height. The votes and certificates are what came early. */
  | {
      readonly type: 'start';
      readonly votes?: readonly Vote[];
      readonly certificates?: readonly Certificate[];
    }
  /** The answer to `getValue`. */
  | { readonly type: 'value'; readonly round: number; readonly block: Uint8Array }
  | { readonly type: 'proposal'; readonly proposal: Proposal; readonly verdict: Verdict }
  | { readonly type: 'vote'; readonly vote: Vote }
  /** Enough votes for one block at once, each of them verified. */
  | { readonly type: 'certificate'; readonly certificate: Certificate }
  /** A valid block that no proposal is known for, as it comes from a peer that has decided it already. */
  | { readonly type: 'block'; readonly round: number; readonly block: Uint8Array }
  | { readonly type: 'timeout'; readonly height: number; readonly round: number; readonly step: WaitingStep };

/** What the driver asks for, to be carried out in this order. */
export type Effect =
  /** Make every input up to this one durable, before what follows is carried out. */
  | { readonly type: 'persist' }
  /** Ask the application for a new block and answer with `value`. */
  | { readonly type: 'getValue'; readonly height: number; readonly round: number }
  /**
   * Sign a proposal, give it back as an input, and send it with its block's parts and the polka that it goes back to:
   * who heard a double voter's other vote first would never count that polka from single votes.
   */
  | {
      readonly type: 'propose';
      readonly height: number;
      readonly round: number;
      readonly validRound: number;
      readonly polka: Certificate | undefined;
      readonly block: Uint8Array;
    }
  /** Sign, unless something else was signed for this step; give the vote back as an input; send it. */
  | { readonly type: 'vote'; readonly ballot: Ballot }
  /** Give this back as an input after the time for this step and round, unless it waits already. */
  | { readonly type: 'timeout'; readonly height: number; readonly round: number; readonly step: WaitingStep }
  /** A round has begun: what gossip tells its peers. */
  | { readonly type: 'round'; readonly height: number; readonly round: number }
  /** Two thirds stand behind a block of this round that is not here: get it, and its proposal, from peers. */
  | { readonly type: 'fetch'; readonly height: number; readonly round: number; readonly block: Uint8Array }
  | { readonly type: 'evidence'; readonly evidence: Equivocation }
  /** Final by these precommits: store block and commit, apply the block, begin the next height. Nothing follows at this height. */
  | { readonly type: 'decide'; readonly precommits: Certificate };

/** The votes that an input tells of: what blame wants out of a log. */
export function votesTold(input: Input): readonly Vote[] {
  switch (input.type) {
    case 'vote':
      return [input.vote];
    case 'certificate':
      return votesOf(input.certificate);
    case 'start':
      return [...(input.votes ?? []), ...(input.certificates ?? []).flatMap(votesOf)];
    default:
      return [];
  }
}
