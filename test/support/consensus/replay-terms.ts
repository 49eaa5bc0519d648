import type { Condition } from '../../../src/consensus/engine/algorithm.ts';
import { type Itf, type Tagged, tagged } from './itf.ts';
import type { SpecTerms } from './spec-terms.ts';

export type Fields = { readonly [field: string]: Itf };
export const fields = (value: Itf | undefined) => value as Fields;
export const weightsOf = (value: Itf) => value as unknown as readonly (readonly [string, number])[];

/** The specification's errors have a text besides. */
export const withoutText = (output: Itf): Itf =>
  (output as unknown as Tagged).tag === 'ErrorOutput' ? tagged('ErrorOutput') : output;

/** How many steps of each kind were replayed. */
export type Replayed = Map<string, number>;

export const count = (replayed: Replayed, what: string) => replayed.set(what, (replayed.get(what) ?? 0) + 1);

/** An input of the specification's algorithm in our terms. */
export function conditionOf(terms: SpecTerms, { tag, value }: Tagged): Condition | undefined {
  const values = value as readonly Itf[];
  const blockIn = (one: Itf): Uint8Array => {
    const inner = one as unknown as Tagged;
    return terms.block((inner.tag === 'Val' ? inner.value : one) as string);
  };
  switch (tag) {
    case 'NewRoundCInput':
      return { type: 'newRound', round: value as number, proposer: false };
    case 'NewRoundProposerCInput':
      return { type: 'newRound', round: value as number, proposer: true };
    case 'ProposeValueCInput':
      return { type: 'value', block: terms.block(value as string) };
    case 'ProposalCInput':
      return { type: 'proposal', block: blockIn(values[1]!) };
    case 'ProposalAndPolkaPreviousAndValidCInput':
      return {
        type: 'proposalAndEarlierPolka',
        block: blockIn(values[0]!),
        validRound: values[1] as number,
      };
    case 'ProposalInvalidCInput':
    case 'ProposalAndPolkaAndInvalidCInput':
      return { type: 'proposalInvalid' };
    case 'PolkaNilCInput':
      return { type: 'polkaNil' };
    case 'PolkaAnyCInput':
      return { type: 'polkaAny' };
    case 'ProposalAndPolkaAndValidCInput':
      return { type: 'proposalAndPolka', block: blockIn(value) };
    case 'PrecommitAnyCInput':
      return { type: 'precommitAny' };
    case 'ProposalAndCommitAndValidCInput':
      return { type: 'proposalAndCommit', round: values[0] as number, block: blockIn(values[1]!) };
    case 'RoundSkipCInput':
      return { type: 'skip', round: value as number };
    case 'TimeoutProposeCInput':
      return { type: 'timeout', round: values[1] as number, step: 'propose' };
    case 'TimeoutPrevoteCInput':
      return { type: 'timeout', round: values[1] as number, step: 'prevote' };
    case 'TimeoutPrecommitCInput':
      return { type: 'timeout', round: values[1] as number, step: 'precommit' };
    default:
      return undefined;
  }
}
