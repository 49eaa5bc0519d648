import type { SigningKey } from '#crypto';
import { escrows } from '../../../src/ledger/accounts/index.ts';
import type { ActionBody } from '../../../src/ledger/actions/registry.ts';
import type { EscrowJournal } from '../../../src/ledger/escrow/journal.ts';
import { Payee } from '../../../src/ledger/escrow/payee.ts';
import { Payer } from '../../../src/ledger/escrow/payer.ts';
import type { QuoteTerms } from '../../../src/ledger/escrow/quote.ts';
import type { Ledger } from '../../../src/ledger/ledger.ts';
import {
  type Draught,
  deterministic,
  grow,
  growTo,
  signer,
  somebody,
  someRefund,
  TEST_PARAMETERS,
  transactionOf,
  trustingLedger,
} from './chain.ts';

const random = deterministic('escrow');
export const TORCH = 1_000_000_000n;
export const FEE = 100_000n;
export const LOW_FEE = 8_000n;
export const session = signer('client session');
export const [head, middle, tail, spare] = ['head', 'middle', 'tail', 'spare'].map((name) =>
  signer(`stage ${name}`),
) as [SigningKey, SigningKey, SigningKey, SigningKey];

export const quoteOf = (node: SigningKey): QuoteTerms => ({
  chainId: TEST_PARAMETERS.chainId,
  node: node.publicKey,
  model: new Uint8Array(32).fill(9),
  firstBlock: 0,
  blocks: 8,
  priceIn: 100_000n,
  priceOut: 1_000_000n,
  chunkTokens: 32,
  maxExposure: 32_000_000n,
  expiry: 100,
});

/** What a node is asked to sign to close the escrow. */
export const closing = (body: ActionBody<'escrowClose'>) => ({
  chainId: TEST_PARAMETERS.chainId,
  actions: [{ name: 'escrowClose' as const, body }],
});

export const PRICE = 32n * 1_000_000n;
export const work = (chunk: number) => new Uint8Array(32).fill(chunk);
export const tokens = (chunk: number) => ({ tokensIn: 0, tokensOut: 32 * chunk });

/** A session between one client and the three stages of a route, with an escrow on a ledger. */
function sessionOn(ledger: Ledger) {
  const journals = new Map<string, EscrowJournal>();
  const { settlementWindow } = TEST_PARAMETERS;
  const openPayer = () =>
    new Payer({ session, value: 10n * TORCH, settlementWindow, journal: journalOf(journals, 'payer') });
  const payer = openPayer();
  const sides: (Payer | Payee)[] = [payer];
  /** Every side hears what the ledger says. */
  const follow = () => {
    const record = escrows.bucket.get(ledger.state, session.publicKey);
    if (record) for (const side of sides) side.follow(record, ledger.head.height);
  };
  for (const node of [head, middle, tail]) payer.assign(quoteOf(node), 3n * TORCH);
  const register = (node: SigningKey): Draught => ({
    inputs: 1,
    actions: [
      {
        name: 'nodeRegister',
        body: {
          node: node.publicKey,
          payout: somebody,
          deposit: TORCH,
          withdraw: 0n,
          refund: someRefund,
          sequence: 0,
          fee: 0n,
        },
      },
    ],
    signers: [node],
  });
  const send = (draught: Draught) => {
    const result = grow(ledger, transactionOf(ledger, random, draught));
    follow();
    return result;
  };
  for (const node of [head, middle, tail, spare]) send(register(node));
  const open = {
    escrow: session.publicKey,
    value: 10n * TORCH,
    deposit: TORCH,
    deadline: 40,
    refund: someRefund,
    caps: payer.caps,
  };
  send({ inputs: 1, actions: [{ name: 'escrowOpen', body: open }], signers: [session] });
  const payeeOf = (node: SigningKey, machine = 'one') => {
    const journal = journalOf(journals, `${machine} ${Buffer.from(node.publicKey).toString('hex')}`);
    const options = { terms: quoteOf(node), escrow: session.publicKey, settlementWindow, journal };
    const payee = new Payee(options);
    sides.push(payee);
    follow();
    return payee;
  };
  /** The payer of another process, which has the journal. */
  const restart = () => {
    const again = openPayer();
    sides.push(again);
    follow();
    return again;
  };
  const settle = (payee: Payee, node: SigningKey) =>
    send({
      actions: [{ name: 'escrowSettle', body: { node: node.publicKey, claims: [payee.claim()!], fee: FEE } }],
      signers: [node],
    });
  return { payer, payeeOf, send, settle, follow, restart };
}

export function ready() {
  const ledger = trustingLedger();
  growTo(ledger, 4);
  return { ledger, ...sessionOn(ledger) };
}

/** A journal that lasts as long as the map. */
function journalOf(all: Map<string, EscrowJournal>, name: string): EscrowJournal {
  let content: Uint8Array | undefined;
  const journal = all.get(name) ?? {
    read: () => content,
    write: (written) => {
      content = written;
    },
  };
  all.set(name, journal);
  return journal;
}
