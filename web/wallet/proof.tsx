import { useSignal } from '@preact/signals';
import type { ProofRequest, ProofVerdict, WalletEntry } from '../../src/node/api/node-api.ts';
import * as format from '../format.ts';
import { CopyButton } from '../shell/copy-button.tsx';
import { Field, Form } from '../shell/form.tsx';
import { checkProof, prove } from '../state/wallet.ts';

/** Creates a proof of this payment for one person; it reveals nothing else. */
export function ProveEntry({ entry }: { entry: WalletEntry }) {
  const proof = useSignal<string | undefined>(undefined);
  const make = async ({ message }: Record<string, string>) => {
    proof.value = (await prove(requestFor(entry, message ?? ''))).proof;
  };
  return (
    <details>
      <summary class="muted small">Prove this payment</summary>
      {proof.value ? (
        <p class="proof">
          <code class="wraps">{proof.value}</code>
          <CopyButton text={proof.value} label="Copy the proof" />
        </p>
      ) : (
        <Form action="Make the proof" quiet onSubmit={make}>
          <Field
            label="Text chosen by the verifier"
            name="message"
            required={false}
            hint="The proof is valid only together with this text."
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

/** Verifies a proof received from somebody else. */
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
      <Form action="Check" quiet draft="check-proof" onSubmit={check}>
        <Field label="Proof" name="proof" />
        <Field label="The text you chose" name="message" required={false} />
      </Form>
      {verdict.value && <Verdict verdict={verdict.value} />}
    </details>
  );
}

function Verdict({ verdict: { valid, amount, to, height } }: { verdict: ProofVerdict }) {
  if (!valid) {
    return (
      <p class="notice notice-bad" role="status">
        The proof is not valid: it is for another text, or no such payment is final.
      </p>
    );
  }
  return (
    <p class="notice notice-ok" role="status">
      The proof is valid: {amount && format.torch(amount)} went to{' '}
      {to && <code title={to}>{format.shortHash(to)}</code>} in block {height?.toLocaleString('en')}.
    </p>
  );
}
