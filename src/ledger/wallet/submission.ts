import { codeOf, fromUtf8, messageOf, utf8 } from '#base';
import { blob, byteOf, type Codec, struct } from '../codec/index.ts';
import type { WalletChain } from './chain.ts';

/**
 * What became of a transaction that was handed in: *sent*, it waits for a block where it was handed in; *pending*, it does
 * not yet or nobody knows, and it is to be tried again; *refused*, it broke a rule and no block will hold it. The code is
 * that of the refusal, or of what kept the transaction from its node.
 */
export type Submission =
  | { readonly outcome: 'sent' }
  | { readonly outcome: 'pending' | 'refused'; readonly code: string; readonly message: string };

/** The same of a transfer, with its id. */
export type Submitted = Submission & { readonly id: Uint8Array };

type Failure = { readonly code: string; readonly message: string };

export const SENT: Submission = { outcome: 'sent' };

/**
 * Refusals by which a node that is believed says that it never took the transaction and never will. Not that an output is
 * spent already: perhaps by this very transaction, which the next scan shows.
 */
const FINAL = new Set(['CODEC_INVALID', 'TRANSACTION_INVALID', 'TRANSACTION_EXPIRED', 'PROOFS_INVALID']);

/** What a refusal, or a failure on the way, means to a wallet that believes whoever it comes from. */
export function submissionOf({ code, message }: Failure): Submission {
  if (code === 'MEMPOOL_KNOWN') return SENT;
  return { outcome: FINAL.has(code) ? 'refused' : 'pending', code, message };
}

/** The same of a node that is not believed: whatever it says, it may still bring the transaction into a block. */
export const doubtful = ({ code, message }: Failure): Submission => ({
  outcome: 'pending',
  code,
  message,
});

/** Hands a transaction in; a failure on the way leaves it pending. */
export const handIn = (bytes: Uint8Array, chain: Pick<WalletChain, 'submit'>): Promise<Submission> =>
  chain.submit(bytes).catch((error: unknown) => doubtful({ code: codeOf(error), message: messageOf(error) }));

const wire = struct({ outcome: byteOf(0, 1, 2), code: blob(64), message: blob(2_048) });
const OUTCOMES = ['sent', 'pending', 'refused'] as const;

export const submissionCodec: Codec<Submission> = {
  write(out, submission) {
    const { code, message } = submission.outcome === 'sent' ? { code: '', message: '' } : submission;
    const outcome = OUTCOMES.indexOf(submission.outcome) as 0 | 1 | 2;
    wire.write(out, { outcome, code: utf8(code.slice(0, 64)), message: utf8(message.slice(0, 500)) });
  },
  read(input) {
    const { outcome, code, message } = wire.read(input);
    if (outcome === 0) return SENT;
    return { outcome: OUTCOMES[outcome], code: fromUtf8(code), message: fromUtf8(message) };
  },
};
