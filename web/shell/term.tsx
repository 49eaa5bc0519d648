import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

/** What the words of this field mean, in two lines each. */
const MEANINGS = {
  activations:
    'Numbers that a model computes from your text, block by block. Part of the text can be recovered from them.',
  blocks: 'The layers of a model, computed one after the other. Each computer runs some of them.',
  checked:
    'Another computer repeats part of the work. It must get the same bits, or the answer is marked as wrong.',
  seed: 'A computer that holds a whole model and sends it to others.',
  token: 'A piece of a word, about four letters of English. Models read and write tokens.',
  context: 'How many tokens a model can take into account: your messages and its answers together.',
  temperature: 'How freely the next word is chosen. At 0 the same question always gets the same answer.',
  systemPrompt: 'An instruction that the model reads before the conversation, such as “Answer in French.”',
  validator: 'A node that proposes and signs blocks. It loses its stake if it signs two different ones.',
  finality: 'From then on a block can never be replaced. More than two thirds of the voting power signed it.',
  mempool: 'Transactions that wait for a block, those with the highest fee rate first.',
  baseFee: 'The part of each fee that the network sets and burns. It rises while blocks are full.',
  epoch: 'The period after which rewards are paid and the voting power is counted again.',
  stake: 'Coins that a validator has locked as security for its honesty.',
  decoy: 'Coins of others in the same transaction, so that nobody can tell which ones were spent.',
  locked: 'Coins that are too recent to spend, or change of a payment that is not final yet.',
  quarantine: 'Nobody shares or runs a model in quarantine.',
  sandbox: 'A process without files and network, in which a security node runs the model once.',
  report: 'What the security node found in each file. Your computer compares it with what was signed.',
} as const;

/** A technical term, explained in place on hover, focus or tap. Escape closes the explanation (WCAG 1.4.13). */
export function Term({ of, children }: { of: keyof typeof MEANINGS; children: ComponentChildren }) {
  const id = useId();
  return (
    <span class="term">
      <button
        type="button"
        aria-describedby={id}
        onKeyDown={(event) => event.key === 'Escape' && event.currentTarget.blur()}
      >
        {children}
      </button>
      <span class="meaning" role="tooltip" id={id}>
        {MEANINGS[of]}
      </span>
    </span>
  );
}
