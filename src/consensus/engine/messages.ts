import type { Equivocation } from '#ledger';
import { type Ballot, type Certificate, type Proposal, type Vote, votesOf } from '../blocks/index.ts';

/** Steps of a round that have a timeout. */
export type WaitingStep = 'propose' | 'prevote' | 'precommit';

/**
 * Result of checking a proposal. `valid`: may be voted for; `untimely`: valid, but its time is too far from our
 * clock, so it is not voted for unless others already did; `invalid`: never voted for.
 */
export type Verdict = 'valid' | 'untimely' | 'invalid';

/**
 * Inputs of the engine. Signatures are verified, and the block of every proposal is present and checked,
 * beforehand. An input that changed the state must be journalled before its effects are executed.
 */
export type Input =
  /** Begin the height, with the votes and certificates that came early. */
  | {
      readonly type: 'start';
      readonly votes?: readonly Vote[];
      readonly certificates?: readonly Certificate[];
    }
  /** The answer to `getValue`. */
  | { readonly type: 'value'; readonly round: number; readonly block: Uint8Array }
  | { readonly type: 'proposal'; readonly proposal: Proposal; readonly verdict: Verdict }
  | { readonly type: 'vote'; readonly vote: Vote }
  /** A quorum of votes for one block at once, each verified. */
  | { readonly type: 'certificate'; readonly certificate: Certificate }
  /** A valid block without a known proposal, from a peer that has already decided it. */
  | { readonly type: 'block'; readonly round: number; readonly block: Uint8Array }
  | { readonly type: 'timeout'; readonly height: number; readonly round: number; readonly step: WaitingStep };

/** What the engine requests, to be executed in this order. */
export type Effect =
  /** Make every input so far durable before executing what follows. */
  | { readonly type: 'persist' }
  /** Ask the application for a new block; answer with `value`. */
  | { readonly type: 'getValue'; readonly height: number; readonly round: number }
  /**
   * Sign a proposal, feed it back as an input, and send it with its block's parts and the polka that it refers to:
   * a node that received an equivocator's other vote first would never count that polka from single votes.
   */
  | {
      readonly type: 'propose';
      readonly height: number;
      readonly round: number;
      readonly validRound: number;
      readonly polka: Certificate | undefined;
      readonly block: Uint8Array;
    }
  /** Sign, unless something else was signed for this step; feed the vote back as an input; send it. */
  | { readonly type: 'vote'; readonly ballot: Ballot }
  /** Feed this back as an input after the timeout of this step and round, unless one is already running. */
  | { readonly type: 'timeout'; readonly height: number; readonly round: number; readonly step: WaitingStep }
  /** A round has begun; gossip announces it. */
  | { readonly type: 'round'; readonly height: number; readonly round: number }
  /** A quorum supports a block of this round that is missing: fetch it and its proposal from peers. */
  | { readonly type: 'fetch'; readonly height: number; readonly round: number; readonly block: Uint8Array }
  | { readonly type: 'evidence'; readonly evidence: Equivocation }
  /**
   * Final by these precommits: store block and commit, apply the block, begin the next height. The last effect of a
   * height.
   */
  | { readonly type: 'decide'; readonly precommits: Certificate };

/** The votes that an input contains, which blame reads from a journal. */
export function votesInInput(input: Input): readonly Vote[] {
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
