import { useSignal } from '@preact/signals';
import type { ProofRequest, ProofVerdict, WalletEntry } from '../../src/node/api/node-api.ts';
import * as format from '../format.ts';
import { CopyButton } from '../shell/copy-button.tsx';
import { checkProof, prove } from '../state/wallet.ts';
import { Field, Form } from './form.tsx';

/** Shows one person that this payment was made, and nothing else. */
export function ProveEntry({ entry }: { entry: WalletEntry }) {
  const proof = useSignal<string | undefined>(undefined);
  const make = async ({ message }: Record<string, string>) => {
    proof.value = (await prove(requestFor(entry, message ?? ''))).proof;
  };
  return (
    <details>
      <summary class="muted small">Prove it</summary>
      {proof.value ? (
        <p class="proof">
          <code class="wraps">{proof.value}</code>
          <CopyButton text={proof.value} label="Copy the proof" />
        </p>
      ) : (
        <Form action="Make the proof" quiet onSubmit={make}>
          <Field
            label="Words of whoever asks"
            name="message"
            required={false}
            hint="The proof convinces only with the same words."
          />
        </Form>
      )}
    </details>
  );
}

function requestFor(entry: WalletEntry, message: string): ProofRequest {
  return entry.id !== undefined
    ? { message, id: entry.id, payment: 0 }
    : { message, output: entry.output ?? 0 };
}

/** For a proof that somebody else has sent. */
export function CheckProof() {
  const verdict = useSignal<ProofVerdict | undefined>(undefined);
  const check = async ({ proof, message }: Record<string, string>) => {
    verdict.value = undefined;
    verdict.value = await checkProof({ proof: proof!.trim(), message: message ?? '' });
  };
  return (
    <details class="panel">
      <summary>
        <h3>Check a proof</h3>
      </summary>
      <Form action="Check" quiet onSubmit={check}>
        <Field label="Proof" name="proof" />
        <Field label="The words you gave" name="message" required={false} />
      </Form>
      {verdict.value && <Verdict verdict={verdict.value} />}
    </details>
  );
}

function Verdict({ verdict: { valid, amount, to, height } }: { verdict: ProofVerdict }) {
  if (!valid) {
    return (
      <p class="notice notice-bad" role="status">
        The proof does not hold: it is for other words, or no such payment is final.
      </p>
    );
  }
  return (
    <p class="notice" role="status">
      It holds: {amount && format.torch(amount)} went to{' '}
      {to && <code title={to}>{format.shortHash(to)}</code>} in block {height?.toLocaleString('en')}.
    </p>
  );
}
