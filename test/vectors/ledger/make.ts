import { toHex } from '#base';
import { SigningKey } from '#crypto';
import { keyImageRange, outputCodec, outputRange, outputs } from '../../../src/ledger/buckets.ts';
import { encode } from '../../../src/ledger/codec/index.ts';
import { receiptCodec, signReceipt } from '../../../src/ledger/escrow/receipt.ts';
import { parametersCodec } from '../../../src/ledger/parameters.ts';
import { signVote, voteCodec } from '../../../src/ledger/vote.ts';
import { wordsOf } from '../../../src/ledger/wallet/seed.ts';
import { Wallet } from '../../../src/ledger/wallet/wallet.ts';
import { deterministic, grow, TEST_PARAMETERS, transactionOf } from '../../support/ledger/chain.ts';
import { doubleVote } from '../../support/ledger/double-vote.ts';
import { chainOf, OPTIONS, realLedger } from '../../support/ledger/wallets.ts';

const filled = (byte: number) => new Uint8Array(32).fill(byte);

/** What another implementation has to come out with, bit for bit: docs/protocol/ledger.md, "Vectors". */
export async function ledgerVectors(): Promise<Record<string, unknown>> {
  const words = wordsOf(filled(1));
  const wallet = Wallet.restore(words, OPTIONS);
  const subaddress = wallet.addSubaddress('vector');
  const ledger = realLedger([wallet.address()], 17);
  const genesis = {
    appHash: toHex(ledger.head.appHash),
    output0: toHex(encode(outputCodec, outputs.get(ledger.state, 0)!)),
  };
  const chain = chainOf(ledger);
  await wallet.scan(chain);
  const order = { payments: [{ to: wallet.address(subaddress), amount: 5_000_000_000n }] };
  const random = deterministic('vector');
  const plan = await wallet.plan(order, chain, random);
  const chainId = TEST_PARAMETERS.chainId;
  const transaction = await wallet.sign(plan, chain, [], random);
  const { appHash } = grow(ledger, transaction);
  const signer = new SigningKey(filled(2));
  const statement = {
    chainId,
    escrow: signer.publicKey,
    node: filled(3),
    deadline: 1_900,
    sequence: 1,
    tokensIn: 300,
    tokensOut: 32,
    amount: 1_234_567n,
    transcript: filled(4),
  };
  const vote = { chainId, height: 7, round: 1, kind: 2 as const, block: filled(5) };
  const evidence = transactionOf(ledger, random, {
    actions: [{ name: 'evidence', body: doubleVote(chainId, signer, vote, [5, 6]) }],
    expiry: 1_807,
  });
  return {
    words,
    address: wallet.addressText(),
    subaddress: wallet.addressText(subaddress),
    parameters: toHex(encode(parametersCodec, TEST_PARAMETERS)),
    genesis,
    transfer: {
      bytes: toHex(transaction.bytes),
      bodyHash: toHex(transaction.hashes.body),
      message: toHex(transaction.hashes.message),
      id: toHex(transaction.hashes.id),
      weight: transaction.weight,
    },
    afterTransfer: {
      height: ledger.head.height,
      appHash: toHex(appHash),
      outputsRoot: toHex(outputRange.root(ledger.state)),
      keyImagesRoot: toHex(keyImageRange.root(ledger.state)),
    },
    receipt: toHex(encode(receiptCodec, signReceipt(statement, signer))),
    owner: toHex(wallet.signingKey('validator-owner', signer.publicKey).publicKey),
    vote: { bytes: toHex(encode(voteCodec, vote)), signature: toHex(signVote(vote, signer)) },
    evidence: { bytes: toHex(evidence.bytes), id: toHex(evidence.hashes.id), weight: evidence.weight },
  };
}
