import { BitorchError, type Options, type OptionValues, z, zCount } from '#base';
import { formatAmount } from './amounts.ts';
import { count, print, scan, type WalletFlags, walletCommand, withChain, withWallet } from './session.ts';

const CHECK_FLAGS = {
  words: {
    schema: z.string().default(''),
    value: 'text',
    help: 'text chosen by the verifier, such as an invoice number; the proof is valid only with it',
  },
} satisfies Options;

const PROVE_FLAGS = {
  ...CHECK_FLAGS,
  payment: { schema: zCount.default(0), value: 'n', help: 'which payment of the transfer' },
  received: { schema: z.boolean().default(false), help: 'prove an incoming output instead' },
} satisfies Options;

export const proveCommand = walletCommand('prove', 'create a proof that a payment was made', PROVE_FLAGS)
  .argument('<transfer>', 'id of a sent transfer, or with --received the number of an output: see history')
  .action((which: string, flags: WalletFlags & OptionValues<typeof PROVE_FLAGS>) =>
    withWallet(flags, (wallet) =>
      withChain(flags, async (chain) => {
        await scan(wallet, chain);
        const proof = flags.received
          ? wallet.proveReceived(count('output', which), flags.words, chain)
          : wallet.prove(which, flags.payment, flags.words, chain);
        print(await proof);
      }),
    ),
  );

export const checkProofCommand = walletCommand(
  'check-proof',
  'check a proof of payment; needs no wallet',
  CHECK_FLAGS,
)
  .argument('<proof>', 'torchproof1…')
  .argument('[address]', 'address that should have been paid; shown when omitted')
  .action(
    async (
      proof: string,
      expected: string | undefined,
      flags: WalletFlags & OptionValues<typeof CHECK_FLAGS>,
    ) => {
      const { checkPayment } = await import('#ledger');
      const { address, amount, height } = await withChain(flags, (chain) =>
        checkPayment(proof, flags.words, chain),
      );
      if (expected !== undefined && expected.trim().toLowerCase() !== address) {
        throw new BitorchError(
          'PAYMENT_UNPROVEN',
          `the proof is for a payment to another address: ${address}`,
        );
      }
      print(`proven: ${formatAmount(amount)} in block ${height} to ${address}`);
    },
  );
