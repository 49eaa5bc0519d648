import { codeOf, fromUtf8, messageOf, utf8 } from '#base';
import { blob, byteOf, type Codec, struct } from '../codec/index.ts';

/**
 * Outcome of submitting a transaction. `sent`: a node accepted it into its mempool. `pending`: not accepted yet or not known;
 * it is submitted again at the next scan, and can become `sent` or `refused`. `refused`: it broke a rule and no block will
 * include it; final. `code` is that of the refusal or of the failure to reach the node.
 */
export type Submission =
  | { readonly outcome: 'sent' }
  | { readonly outcome: 'pending' | 'refused'; readonly code: string; readonly message: string };

/** The outcome for a transfer, with its transaction id. */
export type Submitted = Submission & { readonly id: Uint8Array };

type Failure = { readonly code: string; readonly message: string };

export const SENT: Submission = { outcome: 'sent' };

/**
 * Codes by which a trusted node states that it did not and will never accept the transaction. OUTPUT_SPENT is not among them:
 * the output may be spent by this very transaction, which the next scan shows.
 */
const FINAL = new Set(['CODEC_INVALID', 'TRANSACTION_INVALID', 'TRANSACTION_EXPIRED', 'PROOFS_INVALID']);

/** The outcome that an error means when it comes from a trusted node. */
export function submissionOf({ code, message }: Failure): Submission {
  if (code === 'MEMPOOL_KNOWN') return SENT;
  return { outcome: FINAL.has(code) ? 'refused' : 'pending', code, message };
}

/** The outcome for an error of an untrusted node: it may still relay the transaction, so nothing is final. */
export const doubtful = ({ code, message }: Failure): Submission => ({
  outcome: 'pending',
  code,
  message,
});

interface Submitting {
  submit(transaction: Uint8Array): Promise<Submission>;
}

/** Submits a transaction; a failure to reach the node leaves it pending. */
export const handIn = (bytes: Uint8Array, chain: Submitting): Promise<Submission> =>
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
