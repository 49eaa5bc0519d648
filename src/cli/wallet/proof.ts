import { BitorchError } from '#base';
import { formatAmount } from './amounts.ts';
import { count, print, scan, type WalletFlags, walletCommand, withChain, withWallet } from './session.ts';

const WORDS = [
  '--words <text>',
  'text chosen by the verifier, such as an invoice number; the proof is valid only with it',
  '',
] as const;

export const proveCommand = walletCommand('prove', 'create a proof that a payment was made')
  .argument('<transfer>', 'id of a sent transfer, or with --received the number of an output: see history')
  .option(...WORDS)
  .option('--payment <n>', 'which payment of the transfer', '0')
  .option('--received', 'prove an incoming output instead')
  .action((which: string, flags: WalletFlags & { words: string; payment: string; received?: boolean }) =>
    withWallet(flags, (wallet) =>
      withChain(flags, async (chain) => {
        await scan(wallet, chain);
        const proof = flags.received
          ? wallet.proveReceived(count('output', which), flags.words, chain)
          : wallet.prove(which, count('--payment', flags.payment), flags.words, chain);
        print(await proof);
      }),
    ),
  );

export const checkProofCommand = walletCommand('check-proof', 'check a proof of payment; needs no wallet')
  .argument('<proof>', 'torchproof1…')
  .argument('[address]', 'address that should have been paid; shown when omitted')
  .option(...WORDS)
  .action(async (proof: string, expected: string | undefined, flags: WalletFlags & { words: string }) => {
    const { checkPayment } = await import('#ledger');
    const { address, amount, height } = await withChain(flags, (chain) =>
      checkPayment(proof, flags.words, chain),
    );
    if (expected !== undefined && expected.trim().toLowerCase() !== address) {
      throw new BitorchError('PAYMENT_UNPROVEN', `the proof is for a payment to another address: ${address}`);
    }
    print(`proven: ${formatAmount(amount)} in block ${height} to ${address}`);
  });
