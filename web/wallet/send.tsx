import { useSignal } from '@preact/signals';
import type { FeeTier, PaymentPreview, PaymentReceipt, PaymentRequest } from '../../src/node/api/node-api.ts';
import * as format from '../format.ts';
import { clearDraft, Field, Form, useDraft } from '../shell/form.tsx';
import { Term } from '../shell/term.tsx';
import { history, preview, send } from '../state/wallet.ts';
import { fateOf } from './fate.ts';

const TIERS: Record<FeeTier, string> = {
  low: 'Low: when blocks have room',
  normal: 'Normal: with the next blocks',
  high: 'High: ahead of other payments',
};

/** Name under which the form keeps what was typed. */
const DRAFT = 'send';

interface Ready {
  payment: PaymentRequest;
  cost: PaymentPreview;
}

interface Sent {
  amount: string;
  receipt: PaymentReceipt;
}

/** A payment in two steps (review of the cost, then password), followed by its outcome. */
export function Send() {
  const ready = useSignal<Ready | undefined>(undefined);
  const sent = useSignal<Sent | undefined>(undefined);
  const review = async (fields: Record<string, string>) => {
    const amount = format.sparksOf(fields.amount!);
    if (!amount || amount === '0')
      throw new Error('This is not an amount. Enter a number such as 1.5, in TORCH.');
    const payment = { to: fields.to!.trim(), amount, tier: fields.tier as FeeTier };
    ready.value = { payment, cost: await preview(payment) };
    sent.value = undefined;
  };
  const confirm = async ({ password }: Record<string, string>) => {
    const { payment } = ready.value!;
    const receipt = await send({ ...payment, password: password! });
    clearDraft(DRAFT);
    ready.value = undefined;
    sent.value = { amount: payment.amount, receipt };
  };
  return (
    <section class="panel" aria-labelledby="send-heading">
      <h3 id="send-heading">Send</h3>
      {sent.value && (
        <p class={`notice ${isWell(sent.value) ? 'notice-ok' : ''}`} role="status">
          {fateNow(sent.value)}
        </p>
      )}
      {ready.value ? (
        <Confirm ready={ready.value} onConfirm={confirm} onBack={() => (ready.value = undefined)} />
      ) : (
        <Form action="Review payment" draft={DRAFT} onSubmit={review}>
          <Field label="To" name="to" placeholder="torch1…" />
          <Field label="Amount in TORCH" name="amount" inputMode="decimal" placeholder="1.5" />
          <Tier />
        </Form>
      )}
    </section>
  );
}

function Tier() {
  const chosen = useDraft('tier') ?? 'normal';
  return (
    <div class="labelled">
      <label for="tier">Fee</label>
      <select id="tier" name="tier">
        {Object.entries(TIERS).map(([tier, words]) => (
          <option key={tier} value={tier} selected={tier === chosen}>
            {words}
          </option>
        ))}
      </select>
    </div>
  );
}

const entryOf = ({ receipt }: Sent) => history.value.find(({ id }) => id === receipt.id);

const fateNow = (sent: Sent): string => fateOf(format.torch(sent.amount), sent.receipt, entryOf(sent));

/** Whether the payment is on its way or has arrived. */
const isWell = (sent: Sent): boolean =>
  ['sent', 'final'].includes(entryOf(sent)?.state ?? sent.receipt.outcome);

interface ConfirmProps {
  ready: Ready;
  onConfirm: (fields: Record<string, string>) => Promise<void>;
  onBack: () => void;
}

function Confirm({ ready: { cost }, onConfirm, onBack }: ConfirmProps) {
  return (
    <>
      <dl class="pairs">
        <dt>To</dt>
        <dd>
          <code class="wraps">{cost.to}</code>
        </dd>
        <dt>Amount</dt>
        <dd class="number">{format.torch(cost.amount)}</dd>
        <dt>Fee</dt>
        <dd class="number">{format.torch(cost.fee)}</dd>
        <dt>Total</dt>
        <dd class="number">
          <strong>{format.torch(cost.total)}</strong>
        </dd>
        <dt>Remaining</dt>
        <dd class="number">{format.torch(cost.left)}</dd>
      </dl>
      <p class="muted small">
        Spends {format.count(cost.inputs, 'output')} hidden among <Term of="decoy">decoys</Term>,{' '}
        {format.bytes(cost.bytes)}; {format.torch(cost.change)} return as change, spendable after some blocks.
      </p>
      <Form action="Send" onSubmit={onConfirm}>
        <Field label="Password" name="password" secret autocomplete="current-password" />
      </Form>
      <button type="button" class="quiet" onClick={onBack}>
        Edit payment
      </button>
    </>
  );
}
